// The data that codecs need besides the files: unpacked once, shared by all decoders.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "reader.h"

namespace overtone::ovt {

// What a codec has made of one piece of data.
class Data {
 public:
  virtual ~Data() = default;
};

class Context {
 public:
  // Throws OVT_BAD_ARGUMENT for a name that no codec has, OVT_CORRUPT for other bytes.
  void add(const std::string& name, Bytes bytes);
  // Data that are unpacked already; needs no table of codecs.
  void put(const std::string& name, std::shared_ptr<const Data> data) {
    data_[name] = std::move(data);
  }
  bool has(std::string_view name) const noexcept { return data_.find(name) != data_.end(); }
  // Throws OVT_NO_DATA where it is missing.
  template <class T>
  std::shared_ptr<const T> get(const std::string& name) const {
    return std::static_pointer_cast<const T>(find(name));
  }

 private:
  std::shared_ptr<const Data> find(const std::string& name) const;
  std::map<std::string, std::shared_ptr<const Data>, std::less<>> data_;  // looked up by views
};

}  // namespace overtone::ovt
