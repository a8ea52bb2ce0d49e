// Each copy is a file of its own to the loader, with a heap of its own if nothing were done. So a
// copy looks through what the process has loaded, and if another copy came before, it hands that
// one its exports to fill: one heap, one allocator, one table of everything, whose code is the only
// one that runs. This copy's JavaScript then calls the other's functions, which must be the same
// functions, and looks at its heap, which must have the same layout.
//
// Nobody has to agree on who is first: the loader keeps objects in the order in which they came,
// and the addon is never unloaded (-z nodelete), so every copy in every thread finds the same one.
#include "copies.h"

#include <cstdint>
#include <cstring>
#include <vector>

#include <dlfcn.h>
#include <link.h>

#include "core.h"

namespace shared_heap {

constexpr uint32_t kRecordVersion = 1;

// What copies know of each other. Copies of other versions read it: a change of what is below
// `version` needs another kRecordVersion, and what is above never changes.
struct Copy {
  char magic[16];
  uint32_t record_version;
  uint32_t layout_version; // SH_LAYOUT_VERSION
  const char *interface;   // hash of types/native.d.ts
  const char *version;     // of the package
  Init init;
};

} // namespace shared_heap

// Found by name in a copy's file (exports.map).
extern "C" __attribute__((visibility("default"), used)) const shared_heap::Copy shared_heap_copy = {
    "shared-heap cpy", shared_heap::kRecordVersion, SH_LAYOUT_VERSION, SHB_INTERFACE, SHB_VERSION,
    shared_heap::init};

namespace shared_heap {

namespace {

int collect_name(dl_phdr_info *object, size_t /*size*/, void *names) {
  if (object->dlpi_name != nullptr && object->dlpi_name[0] != '\0') {
    static_cast<std::vector<std::string> *>(names)->emplace_back(object->dlpi_name);
  }
  return 0;
}

// The copy in a loaded file; nullptr if that is something else. If another thread is just loading
// it, this waits until it is whole.
const Copy *copy_in(const std::string &file) {
  void *handle = dlopen(file.c_str(), RTLD_LAZY | RTLD_NOLOAD);
  if (handle == nullptr) {
    return nullptr;
  }
  const auto *copy = static_cast<const Copy *>(dlsym(handle, "shared_heap_copy"));
  (void)dlclose(handle); // gives back only what dlopen has counted
  const bool is_copy =
      copy != nullptr && std::memcmp(copy->magic, shared_heap_copy.magic, sizeof copy->magic) == 0;
  return is_copy ? copy : nullptr;
}

struct Found {
  const Copy *copy;
  std::string file;
};

Found find_first() {
  std::vector<std::string> files;
  // Only names: the loader's lock is held, and dlopen takes another one first.
  (void)dl_iterate_phdr(collect_name, &files);
  for (std::string &file : files) {
    const Copy *copy = copy_in(file);
    if (copy != nullptr) {
      return {copy, std::move(file)};
    }
  }
  return {&shared_heap_copy, ""}; // musl does not find itself if the file has been removed
}

bool fits(const Copy &other) {
  return other.record_version == kRecordVersion && other.layout_version == SH_LAYOUT_VERSION &&
         std::strcmp(other.interface, SHB_INTERFACE) == 0;
}

std::string describe(const Copy &copy, const std::string &file) {
  if (copy.record_version != kRecordVersion) {
    return file;
  }
  return file + " (version " + copy.version + ", layout " + std::to_string(copy.layout_version) +
         ", interface " + copy.interface + ")";
}

std::string own_file() {
  Dl_info info;
  const bool known = dladdr(&shared_heap_copy, &info) != 0 && info.dli_fname != nullptr;
  return known ? info.dli_fname : "this copy";
}

} // namespace

Init init_of_process(std::string *why) {
  static const Found first = find_first();
  if (first.copy == &shared_heap_copy || fits(*first.copy)) {
    return first.copy->init;
  }
  *why =
      "shared-heap: two copies of the package in this process cannot share one heap: loaded is " +
      describe(*first.copy, first.file) + ", refused is " + describe(shared_heap_copy, own_file()) +
      "; install one version for both";
  return nullptr;
}

} // namespace shared_heap
