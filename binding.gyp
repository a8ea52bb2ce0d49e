{
  'variables': {
    'jemalloc': '<!(node scripts/jemalloc.mjs --print)',
    'lto': '<!(node scripts/gyp.mjs lto)',
  },
  'target_defaults': {
    'include_dirs': ['csrc/core'],
    'defines': ['_GNU_SOURCE'],
    'cflags': ['-O2', '-g', '-fPIC', '-fvisibility=hidden', '-Wall', '-Wextra', '-Wshadow'],
    # Node's own flags ask for other levels, and for silence about unused parameters.
    'cflags!': ['-O3', '-Wno-unused-parameter'],
    'configurations': {
      'Release': { 'cflags!': ['-O3'] },
    },
    'conditions': [
      # Fat objects keep the archive usable for a linker that does not take part.
      ['lto=="gcc"', {
        'cflags': ['-flto=auto', '-ffat-lto-objects'],
        'ldflags': ['-flto=auto', '-O2'],
      }],
      ['lto=="zig"', {
        'cflags': ['-flto'],
        'ldflags': ['-flto', '-O2'],
      }],
    ],
  },
  'targets': [
    {
      'target_name': 'core',
      'type': 'static_library',
      'sources': ['<!@(node scripts/gyp.mjs sources csrc/core .c)'],
      # Other projects' headers are included as the system's, so that our warnings do not judge them.
      'cflags_c': ['-std=c11', '-Wundef', '-isystem <(jemalloc)/include'],
    },
    {
      'target_name': 'shared_heap',
      'dependencies': ['core'],
      'sources': ['<!@(node scripts/gyp.mjs sources csrc/binding .cc)'],
      'defines': [
        'NAPI_VERSION=8',
        'NAPI_DISABLE_CPP_EXCEPTIONS',
        'SHB_VERSION="<!(node scripts/gyp.mjs version)"',
        'SHB_INTERFACE="<!(node scripts/gyp.mjs interface)"',
      ],
      'cflags_cc': ['-std=c++17', '-isystem <!(node scripts/gyp.mjs addon-api)'],
      'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
      'libraries': ['<(jemalloc)/lib/libjemalloc_pic.a', '-lpthread', '-ldl'],
      'ldflags': [
        # A worker's exit must not unload the code that jemalloc's thread-exit hooks are about to run.
        '-Wl,-z,nodelete',
        # An engine may lack a function of Node-API; only a call of it may fail then.
        '-Wl,-z,lazy',
        '-Wl,--version-script=<(module_root_dir)/csrc/exports.map',
      ],
    },
  ],
}
