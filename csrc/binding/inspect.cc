// Scopes, and what keeps objects alive: for heap.scope(), heap.leaks() and heap.report().
#include "convert.h"

namespace shared_heap {

namespace {

// --- scopes --------------------------------------------------------------------------------

napi_value scope_begin(Call &call) {
  const sh_status status = sh_scope_begin(call.core);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value scope_end(Call &call) {
  sh_scope_end(call.core);
  return nullptr;
}

napi_value scope_add(Call &call) {
  if (!read_id(call)) {
    return nullptr;
  }
  const sh_status status = sh_scope_add(call.core, call.id);
  return status == SH_OK ? nullptr : fail(call, status);
}

napi_value scope_remove(Call &call) {
  if (read_id(call)) {
    sh_scope_remove(call.core, call.id);
  }
  return nullptr;
}

// --- where objects were made ---------------------------------------------------------------

napi_value trace_site(Call &call) {
  char text[SH_SITE_BYTES_MAX + 1];
  size_t length;
  if (napi_get_value_string_utf8(call.env, call.args[0], text, sizeof text, &length) != napi_ok) {
    return fail_type(call, "stack", "a string", call.args[0]);
  }
  return to_js_number(call, sh_trace_site(call.core, text, length));
}

napi_value trace_object(Call &call) {
  uint32_t site;
  if (read_id(call) && read_uint(call, 1, "site", UINT32_MAX, &site)) {
    sh_trace_object(call.core, call.id, site);
  }
  return nullptr;
}

// --- surveys -------------------------------------------------------------------------------

Napi::Number number(Napi::Env env, uint64_t value) {
  return Napi::Number::New(env, static_cast<double>(value));
}

Napi::Object tally(Napi::Env env, const sh_tally &tally) {
  Napi::Object result = Napi::Object::New(env);
  result.Set("objects", number(env, tally.objects));
  result.Set("bytes", number(env, tally.bytes));
  result.Set("example", tally.example == 0 ? env.Undefined() : number(env, tally.example));
  return result;
}

Napi::Object site_tally(const Call &call, const sh_site_tally &site) {
  const Napi::Env env(call.env);
  const char *text = sh_trace_text(call.core, site.site);
  Napi::Object result = Napi::Object::New(env);
  result.Set("site", text == nullptr ? env.Undefined() : Napi::String::New(env, text));
  result.Set("claimed", tally(env, site.kept[SH_KEPT_BY_CLAIM]));
  result.Set("held", tally(env, site.kept[SH_KEPT_BY_HOLD]));
  result.Set("cycles", tally(env, site.kept[SH_KEPT_BY_CYCLE]));
  return result;
}

napi_value survey(Call &call) {
  sh_survey taken;
  const sh_status status = sh_survey_take(call.core, &taken);
  if (status != SH_OK) {
    return fail(call, status);
  }
  const Napi::Env env(call.env);
  Napi::Object types = Napi::Object::New(env);
#define SHB_TALLY(name, tag, js) types.Set(js, tally(env, taken.types[tag]));
  SH_TYPE_MAP(SHB_TALLY)
#undef SHB_TALLY
  Napi::Array biggest = Napi::Array::New(env);
  for (uint32_t i = 0; i < SH_BIGGEST && taken.biggest[i].id != 0; i++) {
    Napi::Object big = Napi::Object::New(env);
    big.Set("id", number(env, taken.biggest[i].id));
    big.Set("type", number(env, taken.biggest[i].type));
    big.Set("bytes", number(env, taken.biggest[i].bytes));
    biggest.Set(i, big);
  }
  Napi::Array sites = Napi::Array::New(env);
  for (uint32_t i = 0; i < taken.site_count; i++) {
    const Napi::HandleScope scope(env);
    sites.Set(i, site_tally(call, taken.sites[i]));
  }
  Napi::Object result = Napi::Object::New(env);
  result.Set("quiescent", Napi::Boolean::New(env, taken.quiescent));
  result.Set("types", types);
  result.Set("biggest", biggest);
  result.Set("sites", sites);
  sh_survey_free(&taken);
  return result;
}

napi_value reach(Call &call) {
  sh_id ids[kBatch];
  sh_tally tallies[kBatch];
  if (!check_batch(call, 0)) {
    return nullptr;
  }
  const auto n = static_cast<uint32_t>(call.argc);
  for (uint32_t i = 0; i < n; i++) {
    double id;
    if (!read_number(call, i, "id", &id)) {
      return nullptr;
    }
    if (sh_id_from_number(call.core, id, &ids[i]) != SH_OK) {
      ids[i] = 0; // reaches nothing
    }
  }
  const sh_status status = sh_reach(call.core, ids, n, tallies);
  if (status != SH_OK) {
    return fail(call, status);
  }
  const Napi::Env env(call.env);
  Napi::Array result = Napi::Array::New(env, n);
  for (uint32_t i = 0; i < n; i++) {
    const Napi::HandleScope scope(env);
    result.Set(i, tally(env, tallies[i]));
  }
  return result;
}

constexpr Method kMethods[] = {
    {"scopeBegin", "heap.scope", SH_TYPE_NONE, enter<scope_begin, 0>},
    {"scopeEnd", "scope.end", SH_TYPE_NONE, enter<scope_end, 0>},
    {"scopeAdd", "adopt", SH_TYPE_NONE, enter<scope_add, 1>},
    {"scopeRemove", "scope.keep", SH_TYPE_NONE, enter<scope_remove, 1>},
    {"traceSite", "traceSite", SH_TYPE_NONE, enter<trace_site, 1>},
    {"traceObject", "traceObject", SH_TYPE_NONE, enter<trace_object, 2>},
    {"survey", "heap.report", SH_TYPE_NONE, enter<survey, 0>},
    {"reach", "heap.report", SH_TYPE_NONE, enter<reach, kBatch>},
};

} // namespace

MethodList inspect_methods() { return {kMethods, sizeof kMethods / sizeof *kMethods}; }

} // namespace shared_heap
