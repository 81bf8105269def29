#include "fitter.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "random.h"

namespace overtone::fit {

namespace {

constexpr double kNormMemory = 0.99;   // of the running mean of the gradient's norm
constexpr float kMinLogStep = -14.0f;  // about 8e-7: finer steps than float32 weights need
constexpr float kMaxLogStep = 1.0f;

std::variant<Adam, std::vector<Soap>> make_optimizer(const fourier::Net& net,
                                                     const Settings& settings) {
  if (!settings.soap) return Adam(net.num_weights(), settings.beta1, settings.beta2);
  std::vector<Soap> layers;
  for (const fourier::Layer& layer : net.layers()) {
    const Block block{layer.offset, 2 * layer.rows(), static_cast<size_t>(layer.outputs)};
    layers.emplace_back(block, settings.beta1, settings.beta2, settings.refresh_every);
  }
  return layers;
}

}  // namespace

float Schedule::at(long step) const {
  if (step < warmup_steps)
    return peak * static_cast<float>(step + 1) / static_cast<float>(warmup_steps);
  if (!cosine) return peak;
  const long span = std::max(total_steps - warmup_steps, 1L);
  const double done =
      std::min(1.0, static_cast<double>(step - warmup_steps) / static_cast<double>(span));
  const double fall = 0.5 * (1.0 + std::cos(std::numbers::pi * done));
  return peak * static_cast<float>(final_fraction + (1.0 - final_fraction) * fall);
}

Fitter::Fitter(const fourier::NetSpec& spec, const Pixels& pixels, std::vector<float> weights,
               RateModel rate_model, const Settings& settings)
    : net_(spec), runner_(net_, 1), settings_(settings), count_(pixels.count), axes_(spec.num_axes),
      channels_(spec.num_outputs), positions_(pixels.positions, pixels.positions + axes_ * count_),
      targets_(pixels.targets, pixels.targets + channels_ * count_), weights_(std::move(weights)),
      seen_(weights_), gradient_(weights_.size()), rate_model_(std::move(rate_model)),
      optimizer_(make_optimizer(net_, settings)),
      step_optimizer_(rate_model_.log_steps().size(), 0.9f, 0.99f), state_(settings.seed),
      cursor_(count_) {
  if (count_ == 0) throw std::invalid_argument("a fit needs at least one pixel");
  if (weights_.size() != net_.num_weights() || rate_model_.group_of().size() != weights_.size())
    throw std::invalid_argument("weights and groups must have one entry per weight of the net");
}

void Fitter::shuffle() {
  for (size_t i = count_ - 1; i > 0; --i) {
    const size_t j = below(&state_, static_cast<uint32_t>(i + 1));
    for (size_t a = 0; a < axes_; ++a)
      std::swap(positions_[a * count_ + i], positions_[a * count_ + j]);
    for (size_t c = 0; c < channels_; ++c)
      std::swap(targets_[c * count_ + i], targets_[c * count_ + j]);
  }
}

// Start of the next batch: consecutive runs of a shuffled order, shuffled anew when it is used up.
size_t Fitter::next_batch() {
  const size_t size = std::min(settings_.batch_size, count_);
  if (size == count_) return 0;
  if (cursor_ + size > count_) {
    shuffle();
    cursor_ = 0;
  }
  cursor_ += size;
  return cursor_ - size;
}

void Fitter::clip() {
  double square = 0.0;
  for (float g : gradient_) square += static_cast<double>(g) * g;
  const double norm = std::sqrt(square);
  const double limit = settings_.clip_factor * mean_norm_;
  if (limit > 0.0 && norm > limit) {
    const float factor = static_cast<float>(limit / norm);
    for (float& g : gradient_) g *= factor;
  }
  const double shown = limit > 0.0 ? std::min(norm, limit) : norm;
  mean_norm_ = mean_norm_ == 0.0 ? shown : kNormMemory * mean_norm_ + (1 - kNormMemory) * shown;
}

Progress Fitter::run(long num_steps, Quantiser mode, double rate_weight, float step_rate) {
  const size_t size = std::min(settings_.batch_size, count_);
  const float normaliser = 1.0f / static_cast<float>(size * channels_);
  const auto stride = static_cast<std::ptrdiff_t>(count_);
  Progress progress{0.0, 0.0};
  for (long i = 0; i < num_steps; ++i, ++step_) {
    const size_t start = next_batch();
    rate_model_.perturb(mode, weights_.data(), &state_, seen_.data());
    const auto samples = fourier::Samples::at({positions_.data() + start, stride, 1}, size);
    const double error = runner_.loss_gradient(
        seen_.data(), samples, {targets_.data() + start, stride, 1}, gradient_.data());
    progress.mean_squared_error += error * normaliser / static_cast<double>(num_steps);
    for (float& g : gradient_) g *= normaliser;
    if (mode != Quantiser::none)
      progress.bits = rate_model_.add_gradient(rate_weight, seen_.data(), gradient_.data());
    if (settings_.clip_factor > 0.0f) clip();
    const float rate = settings_.schedule.at(step_);
    if (auto* adam = std::get_if<Adam>(&optimizer_))
      adam->step(rate, gradient_.data(), weights_.data());
    else
      for (Soap& layer : std::get<std::vector<Soap>>(optimizer_))
        layer.step(rate, gradient_.data(), weights_.data());
    if (mode != Quantiser::none && step_rate > 0.0f) {
      std::vector<float>& steps = rate_model_.log_steps();
      step_optimizer_.step(step_rate * rate / settings_.schedule.peak,
                           rate_model_.step_gradient().data(), steps.data());
      for (float& s : steps) s = std::clamp(s, kMinLogStep, kMaxLogStep);
    }
  }
  return progress;
}

double Fitter::evaluate(const float* weights) {
  const auto stride = static_cast<std::ptrdiff_t>(count_);
  std::vector<float> values(channels_ * count_);
  runner_.forward(weights, fourier::Samples::at({positions_.data(), stride, 1}, count_),
                  {values.data(), stride, 1});
  double error = 0.0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double difference = values[i] - targets_[i];
    error += difference * difference;
  }
  return error / static_cast<double>(values.size());
}

}  // namespace overtone::fit
