// A std::shared_ptr as V8 takes it, without the C++ library that V8 was built with.
//
// Node's V8 counts with libstdc++'s code; the addon may be built with another library, as the
// binaries in the package are (docs/decisions.md 45). What the two pass each other, a pointer and
// the counts behind it, is part of the binary interface that libstdc++ keeps, and written down
// here. A V8 with another library takes a type of another name, so that its function is not found.
#ifndef SHB_SHARED_STORE_H
#define SHB_SHARED_STORE_H

#include <atomic>
#include <cstdint>
#include <typeinfo>

namespace shared_heap {

using DestroyStore = void (*)(void *store);

// std::_Sp_counted_base: the order of virtual functions and of the counts is what the other side,
// which counts inline, relies on.
class StoreCount {
public:
  StoreCount(void *store, DestroyStore destroy_store)
      : store_(store), destroy_store_(destroy_store) {}
  StoreCount(const StoreCount &) = delete;
  StoreCount &operator=(const StoreCount &) = delete;

  virtual ~StoreCount() = default;
  virtual void dispose() noexcept { destroy_store_(store_); }
  virtual void destroy() noexcept { delete this; }
  virtual void *deleter(const std::type_info & /*type*/) noexcept { return nullptr; }

  void release() noexcept {
    if (uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      dispose();
      if (weak_uses_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        destroy();
      }
    }
  }

private:
  std::atomic<int32_t> uses_{1};
  std::atomic<int32_t> weak_uses_{1}; // one for all uses
  void *store_;
  DestroyStore destroy_store_;
};

// std::shared_ptr<v8::BackingStore>, to be passed by value: V8 moves out of it.
struct SharedStore {
  void *store;
  StoreCount *count;

  SharedStore(const SharedStore &) = delete;
  SharedStore &operator=(const SharedStore &) = delete;
  ~SharedStore() {
    if (count != nullptr) {
      count->release();
    }
  }
};

} // namespace shared_heap

#endif
