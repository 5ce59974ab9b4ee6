/* SPDX-License-Identifier: MIT */
/* Copyright (c) 2026 The Liaison authors */
#include "script/module.h"

#include <dlfcn.h>
#include <string.h>

#include "base/attr.h"
#include "modules/module.h"
#include "modules/regex.h"
#include "modules/unicode.h"
#include "modules/xml.h"
#include "modules/zones.h"
#include "script/machine.h"

static const struct {
    const char *name;
    size_t size;
} modules[] = {
    [MODULE_REGEX] = {"regex", sizeof(struct regex_module)},
    [MODULE_UNICODE] = {"unicode", sizeof(struct unicode_module)},
    [MODULE_XML] = {"xml", sizeof(struct xml_module)},
    [MODULE_ZONES] = {"zones", sizeof(struct zones_module)},
};
static_assert(ARRAY_LEN(modules) == MODULE_COUNT, "each has a row");

/* A program whose files were replaced while it runs finds modules of the new version. */
static const char *why_unfit(const struct module_head *head, size_t size)
{
    if (!head)
        return "it isn't one";
    if (strcmp(head->version, LIAISON_VERSION) != 0 || head->size != size)
        return "it is of another version than the program: restart Liaison";
    return NULL;
}

/* NULL with *why. It stays in memory, so that the handle need not be kept. */
static const struct module_head *load(const char *path, size_t size, const char **why)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!handle) {
        *why = dlerror();
        return NULL;
    }
    const struct module_head *head = dlsym(handle, MODULE_SYMBOL);
    *why = why_unfit(head, size);
    dlclose(handle);
    return *why ? NULL : head;
}

const void *module_find(lua_State *L, enum module_id module, const char *what)
{
    struct script_machine *m = machine_of(L);
    if (m->modules[module])
        return m->modules[module];
    struct buf *path = &m->url;
    buf_clear(path);
    buf_printf(path, "%s/%s.so", m->module_dir ? m->module_dir : ".", modules[module].name);
    const char *why;
    const struct module_head *head = load(path->data, modules[module].size, &why);
    if (!head)
        machine_raise(L, "%s needs Liaison's module %s, which can't be loaded: %s", what,
                      modules[module].name, why);
    m->modules[module] = head;
    return head;
}
