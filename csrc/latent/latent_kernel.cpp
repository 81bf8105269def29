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

// A standard normal variable for each index, by the method of Box and Muller.
void normal_row(float* out, UintVec index, std::uint32_t key) {
  const UintVec number = 2u * index;
  const Vec size = unit_interval(scattered(number + key)),
            turn = unit_interval(scattered(number + 1u + key));
  Vec cosine, sine;
  cos_sin(turn, cosine, sine);
  float squares[kLanes], values[kLanes];
  store(squares, -1.38629436f * log2(size));
  for (int i = 0; i < kLanes; ++i) squares[i] = sqrtf(squares[i]);
  store(values, cosine);
  for (int i = 0; i < kLanes; ++i) out[i] = squares[i] * values[i];
}

void quantise_row(const float* latents, float* symbols, float* slopes, int width,
                  std::uint32_t index, const Rounding& rounding) {
  const float gain = rounding.gain, temperature = rounding.temperature;
  if (temperature == 0.0f) {
    for (int i = 0; i < width; i += kLanes) {
      store(symbols + i, round(gain * load(latents + i)));
      store(slopes + i, splat(gain));
    }
  } else {
    const SoftRound soft{1.0f / temperature, 0.5f / tanhf(0.5f / temperature)};
    UintVec lanes;
    for (int i = 0; i < kLanes; ++i) lanes[i] = static_cast<std::uint32_t>(i);
    for (int i = 0; i < width; i += kLanes) {
      float noise[kLanes];
      normal_row(noise, lanes + index + static_cast<std::uint32_t>(i), rounding.key);
      Vec first, second;
      const Vec once = soft.value(gain * load(latents + i), first);
      const Vec twice = soft.value(once + rounding.noise * load(noise), second);
      store(symbols + i, twice);
      store(slopes + i, gain * first * second);
    }
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
