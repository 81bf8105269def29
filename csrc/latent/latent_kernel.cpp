// Latents become symbols, by rounding or by its smooth proxy, and follow their gradients.
#include <math.h>

#include "functions.h"
#include "kernels.h"

namespace overtone::latent::OVERTONE_ISA {
namespace {

// floor(x) + 1/2 + tanh((x - floor(x) - 1/2) / t) / (2 tanh(1 / (2 t))).
struct SoftRound {
  float inverse, scale;
  Vec value(Vec x, Vec& slope) const {
    const Vec nearest = round(x);
    const Vec floor = nearest > x ? nearest - 1.0f : nearest;
    const Vec bent = tanh((x - floor - 0.5f) * inverse);
    slope = (1.0f - bent * bent) * (scale * inverse);
    return floor + 0.5f + bent * scale;
  }
};

// Normal variables of a standard deviation, one for each index from the first on, by the method of
// Box and Muller.
void normal_row(float* out, int count, UintVec first, std::uint32_t key, float deviation) {
  float squares[kBlock], cosines[kBlock];
  for (int i = 0; i < count; i += kLanes) {
    const UintVec number = 2u * (first + static_cast<std::uint32_t>(i)) + key;
    Vec cosine, sine;
    cos_sin(unit_interval(scattered(number + 1u)), cosine, sine);
    store(cosines + i, deviation * cosine);
    store(squares + i, -1.38629436f * log2(unit_interval(scattered(number))));
  }
  // A loop of its own, because compilers make vectors of roots of it.
  for (int i = 0; i < count; ++i) out[i] = sqrtf(squares[i]) * cosines[i];
}

// One pass for each link of the chain: a processor works on several numbers at once only where
// they are near each other in the program.
void soften_row(const float* latents, float* symbols, float* slopes, int width, std::uint32_t index,
                const Rounding& rounding) {
  const float gain = rounding.gain, temperature = rounding.temperature;
  const SoftRound soft{1.0f / temperature, 0.5f / tanhf(0.5f / temperature)};
  float noise[kBlock];
  UintVec lanes;
  for (int i = 0; i < kLanes; ++i) lanes[i] = static_cast<std::uint32_t>(i);
  normal_row(noise, (width + kLanes - 1) / kLanes * kLanes, lanes + index, rounding.key,
             rounding.noise);
  for (int i = 0; i < width; i += kLanes) {
    Vec slope;
    store(symbols + i, soft.value(gain * load(latents + i), slope) + load(noise + i));
    store(slopes + i, gain * slope);
  }
  for (int i = 0; i < width; i += kLanes) {
    Vec slope;
    store(symbols + i, soft.value(load(symbols + i), slope));
    store(slopes + i, load(slopes + i) * slope);
  }
}

void quantise_row(const float* latents, float* symbols, float* slopes, int width,
                  std::uint32_t index, const Rounding& rounding) {
  for (int at = 0; rounding.temperature != 0.0f && at < width; at += kBlock)
    soften_row(latents + at, symbols + at, slopes + at, width - at < kBlock ? width - at : kBlock,
               index + static_cast<std::uint32_t>(at), rounding);
  for (int i = 0; rounding.temperature == 0.0f && i < width; i += kLanes) {
    store(symbols + i, round(rounding.gain * load(latents + i)));
    store(slopes + i, splat(rounding.gain));
  }
  for (int i = width; i < (width + kLanes - 1) / kLanes * kLanes; ++i)
    symbols[i] = slopes[i] = 0.0f;
}

// settings: rate, beta1, beta2, what undoes the bias of each moment, epsilon.
void adam_row(const float* __restrict gradient, const float* __restrict slopes,
              float* __restrict latents, float* __restrict mean, float* __restrict square,
              int width, const float* settings) {
  const float rate = settings[0], beta1 = settings[1], beta2 = settings[2],
              mean_scale = settings[3], square_scale = settings[4], epsilon = settings[5];
  for (int i = 0; i < width; ++i) {
    const float g = gradient[i] * slopes[i];
    const float m = mean[i] + (1.0f - beta1) * (g - mean[i]);
    const float s = square[i] + (1.0f - beta2) * (g * g - square[i]);
    mean[i] = m;
    square[i] = s;
    latents[i] -= rate * m * mean_scale / (sqrtf(s * square_scale) + epsilon);
  }
}

}  // namespace

const LatentKernel latent_kernel = {quantise_row, adam_row};

}  // namespace overtone::latent::OVERTONE_ISA
