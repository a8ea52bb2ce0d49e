// Memory of one call: the strings and bigints among its arguments, all alive until it returns.
//
// A bump pointer over a chunk inside the environment, so that a call with a few ordinary strings
// allocates nothing; more chunks follow when it is full, and earlier pointers stay valid. A scope
// gives back what was taken since it began. Scopes nest, because reading an element of a JS array
// may run a getter that calls the addon again.
#ifndef SHB_ARENA_H
#define SHB_ARENA_H

#include <cstddef>
#include <cstdlib>

namespace shared_heap {

class Arena {
  struct alignas(std::max_align_t) Chunk {
    Chunk *previous;
  };

public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena() { release_chunks(nullptr); }

  // At least `bytes` bytes, aligned for any element type; *room is what is really there. Not yet
  // taken: see commit. NULL if memory is refused.
  void *reserve(size_t bytes, size_t *room) {
    if (static_cast<size_t>(end_ - top_) < bytes && !grow(bytes)) {
      return nullptr;
    }
    *room = static_cast<size_t>(end_ - top_);
    return top_;
  }

  // Takes the first `bytes` bytes of the last reserve.
  void commit(size_t bytes) {
    constexpr size_t mask = alignof(std::max_align_t) - 1;
    const size_t taken = (bytes + mask) & ~mask;
    const size_t room = static_cast<size_t>(end_ - top_);
    top_ += taken < room ? taken : room;
  }

  template <typename T> T *take(size_t count) {
    size_t room;
    void *memory = reserve(count * sizeof(T), &room);
    if (memory != nullptr) {
      commit(count * sizeof(T));
    }
    return static_cast<T *>(memory);
  }

  class Scope {
  public:
    explicit Scope(Arena &arena)
        : arena_(arena), chunk_(arena.chunk_), top_(arena.top_), end_(arena.end_) {}
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;
    ~Scope() {
      if (arena_.chunk_ != chunk_) {
        arena_.release_chunks(chunk_);
      }
      arena_.top_ = top_;
      arena_.end_ = end_;
    }

  private:
    Arena &arena_;
    Chunk *chunk_;
    char *top_;
    char *end_;
  };

private:
  static constexpr size_t kFirstBytes = 8 << 10;
  static constexpr size_t kChunkBytes = 64 << 10;

  bool grow(size_t bytes) {
    const size_t size = bytes > kChunkBytes ? bytes : kChunkBytes;
    auto *chunk = static_cast<Chunk *>(std::malloc(sizeof(Chunk) + size));
    if (chunk == nullptr) {
      return false;
    }
    chunk->previous = chunk_;
    chunk_ = chunk;
    top_ = reinterpret_cast<char *>(chunk + 1);
    end_ = top_ + size;
    return true;
  }

  void release_chunks(Chunk *until) {
    while (chunk_ != until) {
      Chunk *previous = chunk_->previous;
      std::free(chunk_);
      chunk_ = previous;
    }
  }

  alignas(std::max_align_t) char first_[kFirstBytes];
  char *top_ = first_;
  char *end_ = first_ + kFirstBytes;
  Chunk *chunk_ = nullptr; // newest chunk beyond the first
};

} // namespace shared_heap

#endif
