#include "codecs.h"

#include "dfm/codec.h"
#include "latent/codec.h"
#include "sparse_dct/codec.h"
#include "tiled_dct/codec.h"

namespace overtone::ovt {
namespace {

// Ids are those of CODEC_IDS in src/overtone/codecs/registry.py.
constexpr Codec kCodecs[] = {
    {1, "tiled-dct", false, tiled_dct::kData, tiled_dct::open},
    {2, "dfm", false, {}, dfm::open},
    {3, "sparse-dct", true, sparse_dct::kData, sparse_dct::open},
    {6, "dfm-latent", true, latent::kData, latent::open},
};

}  // namespace

std::span<const Codec> codecs() { return kCodecs; }

const Codec* codec_of(std::uint32_t id) {
  for (const Codec& codec : kCodecs)
    if (codec.id == id) return &codec;
  return nullptr;
}

// Here, so that who decodes with one codec does without the others.
void Context::add(const std::string& name, Bytes bytes) {
  std::string known;
  for (const Codec& codec : codecs()) {
    for (const DataPart& part : codec.data) {
      if (name == part.name) {
        put(name, part.load(bytes));
        return;
      }
      known += (known.empty() ? "" : ", ") + std::string(part.name);
    }
  }
  fail(OVT_BAD_ARGUMENT, "no codec has data " + name + "; known are " + known);
}

}  // namespace overtone::ovt
