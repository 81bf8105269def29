// The machine of a file: its head, its networks and its symbols.
#pragma once

#include <vector>

#include "latent_file/weights.h"
#include "ovt/codec.h"

namespace overtone::ovt::latent {

struct Head {
  bool is_prefix;  // whether what follows is the beginning of a longer stream
  int start;       // of the networks, in the data dfm-latent/starts; 0 for none
  latent_file::Spec spec;
};

Head read_head(Reader& reader, const ovt_header& header);

struct Machine {
  latent_file::Shapes shapes;
  latent_file::Weights weights;
  int start = 0;
  bool has_weights = false;  // whether all of them have arrived
  std::vector<std::int8_t> symbols;
};

Machine read_machine(const Work& work);

}  // namespace overtone::ovt::latent
