// The kernels of the latent machine, once per instruction set.
#pragma once

#include "plan.h"
#include "platform/variants.h"

namespace overtone::latent {

OVERTONE_DECLARE_VARIANTS(extern const EntropyKernel entropy_kernel)
OVERTONE_DECLARE_VARIANTS(extern const UpsamplingKernel upsampling_kernel)
OVERTONE_DECLARE_VARIANTS(extern const SynthesisKernel synthesis_kernel)
OVERTONE_DECLARE_VARIANTS(extern const LatentKernel latent_kernel)

}  // namespace overtone::latent
