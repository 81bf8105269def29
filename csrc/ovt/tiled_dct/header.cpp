#include "header.h"

#include <cmath>

namespace overtone::ovt::tiled_dct {
namespace {

constexpr double kCoarsestStep = 512, kStepsPerOctave = 110, kOverlapUnit = 0.1;
constexpr int kAngleSteps = 256;  // per turn

constexpr Field kStep{"quantiser step index", 0, 990};
constexpr Field kAngle{"colour angle", 0, kAngleSteps - 1};
constexpr Field kOverlap{"overlap", 0, 40};
constexpr Field kOffset{"reconstruction offset", 0, 50};
constexpr Field kBlend{"blending of smooth tiles", 0, 16};
constexpr Field kRefined{"planes the post-filter refines", 0, 3};

}  // namespace

double Header::step() const { return kCoarsestStep * std::pow(2.0, -step_index / kStepsPerOctave); }

::overtone::tiled_dct::Reconstruction Header::reconstruction() const {
  return {step(), overlap_tenths * kOverlapUnit, offset_one / 100.0, offset / 100.0,
          blend_eighths / 8.0};
}

std::array<std::array<float, 3>, 3> Header::colours_of_planes() const {
  const double turn = 2 * 3.14159265358979323846;
  const double yaw = turn * angles[0] / kAngleSteps, pitch = turn * angles[1] / kAngleSteps;
  const double roll = turn * angles[2] / kAngleSteps;
  const double cy = std::cos(yaw), sy = std::sin(yaw), cp = std::cos(pitch), sp = std::sin(pitch);
  const double cr = std::cos(roll), sr = std::sin(roll);
  const double rows[3][3] = {{cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr},
                             {sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr},
                             {-sp, cp * sr, cp * cr}};
  std::array<std::array<float, 3>, 3> transposed;
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t k = 0; k < 3; ++k) transposed[c][k] = static_cast<float>(rows[k][c]);
  return transposed;
}

Header read_header(Reader& reader, bool has_color) {
  Header header;
  header.has_color = has_color;
  header.step_index = kStep.read(reader);
  if (has_color)
    for (int& angle : header.angles) angle = kAngle.read(reader);
  header.overlap_tenths = kOverlap.read(reader);
  header.offset_one = kOffset.read(reader);
  header.offset = kOffset.read(reader);
  header.blend_eighths = kBlend.read(reader);
  const int refined = kRefined.read(reader);
  header.refines[0] = (refined & 1) != 0;
  header.refines[1] = (refined & 2) != 0;
  return header;
}

}  // namespace overtone::ovt::tiled_dct
