/*
 * A grid over a conditional space, addressed by index.
 *
 * Parameters tied by conditions form a group; groups are independent, so the total is the product of theirs and an index splits into one digit per group. In a group,
 * every combination of the parameters that others depend on (the branches) is a block; the other parameters of the group that are active in it span a plain mixed-radix
 * box. Blocks are kept with their first index, so a cell is found by bisection. Inactive parameters have no levels: no configuration occurs twice.
 * Cost: O(d + log blocks) per cell; memory O(blocks x branches).
 */
#include "space/lattice.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

enum { MOST_BLOCKS = 1 << 20, MOST_BRANCHES = 512 /* also the depth of a recursion */ };
static const uint32_t INACTIVE = UINT32_MAX;

typedef struct group {
    size_t   *branches; /* parameters that others depend on, parents first */
    size_t    n_branches;
    size_t   *leaves; /* the others, as declared */
    size_t    n_leaves;
    uint32_t *levels; /* n_blocks x n_branches: level of each branch, or INACTIVE */
    uint64_t *starts; /* n_blocks: index of the block's first cell in the group */
    size_t    n_blocks, levels_capacity, starts_capacity;
    uint64_t  total;
} group;

struct hpo__lattice {
    const hpo_space *space;
    hpo__alloc       alloc;
    hpo__axis       *axes;
    group           *groups;
    size_t           n_groups;
    uint64_t         total;
    double          *values;  /* scratch: natural values of branches */
    uint32_t        *current; /* scratch: levels of branches */
};

/* ---- axes ---- */

void hpo__axes_free(const hpo_space *space, hpo__axis *axes) {
    for (size_t i = 0; axes != NULL && i < space->size; i++)
        hpo__alloc_free(&space->alloc, axes[i].units, (size_t)axes[i].n, sizeof(double));
    hpo__alloc_free(&space->alloc, axes, space->size, sizeof *axes);
}

hpo_status hpo__axis_spread(const hpo_space *space, size_t index, uint64_t n, hpo__axis *axis, hpo_error *err) {
    const hpo__parameter *p = &space->parameters[index];
    *axis                   = (hpo__axis){NULL, p->count};
    if (p->count > 0 && p->count <= n)
        return HPO_OK;
    double *units = hpo__alloc_new(&space->alloc, (size_t)n, sizeof *units);
    if (units == NULL)
        return hpo__fail_nomem(err);
    size_t used = 0;
    for (uint64_t i = 0; i < n; i++) {
        double unit = n == 1 ? 0.5 : (double)i / (double)(n - 1);
        if (p->count > 0)
            unit = hpo__codec_encode(p, hpo__codec_decode(p, unit));
        if (used == 0 || (unit > units[used - 1] && hpo__codec_decode(p, unit) != hpo__codec_decode(p, units[used - 1])))
            units[used++] = unit;
    }
    double *exact = hpo__alloc_grow(&space->alloc, units, (size_t)n, used, sizeof *units);
    if (exact == NULL) {
        hpo__alloc_free(&space->alloc, units, (size_t)n, sizeof *units);
        return hpo__fail_nomem(err);
    }
    *axis = (hpo__axis){exact, used};
    return HPO_OK;
}

static double axis_unit(const hpo__lattice *lattice, size_t parameter, uint64_t level) {
    const hpo__axis *axis = &lattice->axes[parameter];
    if (axis->units != NULL)
        return axis->units[level];
    const hpo__parameter *p = &lattice->space->parameters[parameter];
    return hpo__codec_encode(p, hpo__codec_value(p, level));
}

static bool axis_level(const hpo__lattice *lattice, size_t parameter, double unit, uint64_t *level) {
    const hpo__axis      *axis = &lattice->axes[parameter];
    const hpo__parameter *p    = &lattice->space->parameters[parameter];
    if (axis->units == NULL)
        return hpo__codec_index(p, hpo__codec_decode(p, unit), level);
    /* Values that a host gave take the way through the logarithm: 1e-12 forgives its rounding. */
    size_t low = 0, high = (size_t)axis->n;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (axis->units[middle] < unit - 1e-12)
            low = middle + 1;
        else
            high = middle;
    }
    *level = low;
    return low < axis->n && fabs(axis->units[low] - unit) <= 1e-12;
}

/* ---- groups ---- */

static hpo_status overflow(const hpo__lattice *lattice, hpo_error *err) {
    double digits = 0;
    for (size_t i = 0; i < lattice->space->size; i++)
        digits += log10((double)lattice->axes[i].n);
    return hpo__fail(err, HPO_E_UNSUPPORTED, "the grid has about 10^%d cells, more than can be counted; lower grid.levels or use another strategy",
                     (int)floor(digits + 0.5));
}

static bool multiply(uint64_t *product, uint64_t factor) {
    if (factor != 0 && *product > UINT64_MAX / factor)
        return false;
    *product *= factor;
    return true;
}

/* Root of the parameter's group: the smallest index that conditions tie it to. `root` ends as a forest of depth one. */
static void tie_groups(const hpo_space *space, size_t *root) {
    for (size_t i = 0; i < space->size; i++)
        root[i] = i;
    for (bool changed = true; changed;) {
        changed = false;
        for (size_t i = 0; i < space->size; i++)
            for (size_t c = 0; c < space->parameters[i].n_conditions; c++) {
                size_t parent = space->parameters[i].conditions[c].parent;
                size_t least  = root[i] < root[parent] ? root[i] : root[parent];
                changed       = changed || root[i] != least || root[parent] != least;
                root[i] = root[parent] = least;
            }
    }
}

/* Room for one more block; each array knows its own capacity, so that a refusal half way leaves a sound group. */
static bool grow_blocks(const hpo__lattice *lattice, group *g) {
    size_t capacity = hpo__alloc_capacity(g->n_blocks, g->n_blocks + 1);
    if (g->n_blocks == g->levels_capacity) {
        uint32_t *levels = hpo__alloc_grow(&lattice->alloc, g->levels, g->levels_capacity * g->n_branches, capacity * g->n_branches, sizeof *levels);
        if (levels == NULL)
            return false;
        g->levels          = levels;
        g->levels_capacity = capacity;
    }
    if (g->n_blocks == g->starts_capacity) {
        uint64_t *starts = hpo__alloc_grow(&lattice->alloc, g->starts, g->starts_capacity, capacity, sizeof *starts);
        if (starts == NULL)
            return false;
        g->starts          = starts;
        g->starts_capacity = capacity;
    }
    return true;
}

static hpo_status add_block(hpo__lattice *lattice, group *g, uint64_t cells, hpo_error *err) {
    if (g->n_blocks >= MOST_BLOCKS)
        return hpo__fail(err, HPO_E_UNSUPPORTED,
                         "parameter '%s' and those tied to it by conditions branch into more than %d cases, too many for a grid",
                         lattice->space->parameters[g->branches[0]].name, (int)MOST_BLOCKS);
    if (!grow_blocks(lattice, g))
        return hpo__fail_nomem(err);
    if (g->total > UINT64_MAX - cells)
        return overflow(lattice, err);
    memcpy(g->levels + g->n_blocks * g->n_branches, lattice->current, g->n_branches * sizeof *g->levels);
    g->starts[g->n_blocks++] = g->total;
    g->total += cells;
    return HPO_OK;
}

/* Cells of the block whose branches are set in lattice->values. */
static bool count_cells(const hpo__lattice *lattice, const group *g, uint64_t *cells) {
    *cells = 1;
    for (size_t i = 0; i < g->n_leaves; i++)
        if (hpo__space_active(lattice->space, g->leaves[i], lattice->values) && !multiply(cells, lattice->axes[g->leaves[i]].n))
            return false;
    return true;
}

static void set_branch(hpo__lattice *lattice, const group *g, size_t k, uint32_t level) {
    size_t parameter    = g->branches[k];
    lattice->current[k] = level;
    lattice->values[parameter] =
        level == INACTIVE ? (double)NAN : hpo__codec_decode(&lattice->space->parameters[parameter], axis_unit(lattice, parameter, level));
}

/* Recursion over the branches of a group, at most as deep as there are. */
static hpo_status add_blocks(hpo__lattice *lattice, group *g, size_t k, hpo_error *err) {
    if (k == g->n_branches) {
        uint64_t cells;
        return count_cells(lattice, g, &cells) ? add_block(lattice, g, cells, err) : overflow(lattice, err);
    }
    size_t parameter = g->branches[k];
    if (!hpo__space_active(lattice->space, parameter, lattice->values)) {
        set_branch(lattice, g, k, INACTIVE);
        return add_blocks(lattice, g, k + 1, err);
    }
    hpo_status status = HPO_OK;
    for (uint64_t level = 0; level < lattice->axes[parameter].n && status == HPO_OK; level++) {
        set_branch(lattice, g, k, (uint32_t)level);
        status = add_blocks(lattice, g, k + 1, err);
    }
    return status;
}

static hpo_status fill_group(hpo__lattice *lattice, group *g, const size_t *root, size_t first, hpo_error *err) {
    const hpo_space *space = lattice->space;
    for (size_t i = 0; i < space->size; i++) {
        g->n_branches += root[i] == first && space->parameters[i].is_parent;
        g->n_leaves += root[i] == first && !space->parameters[i].is_parent;
    }
    g->branches = hpo__alloc_new(&lattice->alloc, g->n_branches, sizeof *g->branches);
    g->leaves   = hpo__alloc_new(&lattice->alloc, g->n_leaves, sizeof *g->leaves);
    if (g->branches == NULL || g->leaves == NULL)
        return hpo__fail_nomem(err);
    size_t b = 0, l = 0;
    for (size_t k = 0; k < space->size; k++) {
        if (root[space->order[k]] == first && space->parameters[space->order[k]].is_parent)
            g->branches[b++] = space->order[k];
        if (root[k] == first && !space->parameters[k].is_parent)
            g->leaves[l++] = k;
    }
    if (g->n_branches > MOST_BRANCHES)
        return hpo__fail(err, HPO_E_UNSUPPORTED,
                         "parameter '%s' belongs to a group in which others depend on %zu parameters, more than %d, too many for a grid",
                         space->parameters[g->branches[0]].name, g->n_branches, (int)MOST_BRANCHES);
    for (size_t k = 0; k < g->n_branches; k++)
        if (lattice->axes[g->branches[k]].n > MOST_BLOCKS)
            return hpo__fail(err, HPO_E_UNSUPPORTED, "parameter '%s' has more than %d levels and others depend on it, too many for a grid",
                             space->parameters[g->branches[k]].name, (int)MOST_BLOCKS);
    if (g->n_branches > 0)
        return add_blocks(lattice, g, 0, err);
    g->total = lattice->axes[g->leaves[0]].n; /* without conditions a group is one parameter */
    return HPO_OK;
}

static hpo_status fill_groups(hpo__lattice *lattice, const size_t *root, hpo_error *err) {
    for (size_t i = 0; i < lattice->space->size; i++) {
        if (root[i] != i)
            continue;
        hpo_status status = fill_group(lattice, &lattice->groups[lattice->n_groups++], root, i, err);
        if (status != HPO_OK)
            return status;
        if (!multiply(&lattice->total, lattice->groups[lattice->n_groups - 1].total))
            return overflow(lattice, err);
    }
    return HPO_OK;
}

hpo_status hpo__lattice_new(const hpo_space *space, hpo__axis *axes, hpo__lattice **out, hpo_error *err) {
    hpo__lattice *lattice = hpo__alloc_zero(&space->alloc, 1, sizeof *lattice);
    if (lattice == NULL) {
        hpo__axes_free(space, axes);
        return hpo__fail_nomem(err);
    }
    *lattice          = (hpo__lattice){.space = space, .alloc = space->alloc, .axes = axes, .total = 1};
    lattice->groups   = hpo__alloc_zero(&space->alloc, space->size, sizeof *lattice->groups);
    lattice->values   = hpo__alloc_zero(&space->alloc, space->size, sizeof *lattice->values);
    lattice->current  = hpo__alloc_zero(&space->alloc, space->size, sizeof *lattice->current);
    size_t    *root   = hpo__alloc_new(&space->alloc, space->size, sizeof *root);
    hpo_status status = HPO_OK;
    if (lattice->groups == NULL || lattice->values == NULL || lattice->current == NULL || root == NULL) {
        status = hpo__fail_nomem(err);
    } else {
        tie_groups(space, root);
        status = fill_groups(lattice, root, err);
    }
    hpo__alloc_free(&space->alloc, root, space->size, sizeof *root);
    if (status != HPO_OK) {
        hpo__lattice_free(lattice);
        return status;
    }
    *out = lattice;
    return HPO_OK;
}

void hpo__lattice_free(hpo__lattice *lattice) {
    if (lattice == NULL)
        return;
    hpo__alloc alloc = lattice->alloc;
    for (size_t i = 0; i < lattice->n_groups; i++) {
        group *g = &lattice->groups[i];
        hpo__alloc_free(&alloc, g->branches, g->n_branches, sizeof *g->branches);
        hpo__alloc_free(&alloc, g->leaves, g->n_leaves, sizeof *g->leaves);
        hpo__alloc_free(&alloc, g->levels, g->levels_capacity * g->n_branches, sizeof *g->levels);
        hpo__alloc_free(&alloc, g->starts, g->starts_capacity, sizeof *g->starts);
    }
    hpo__alloc_free(&alloc, lattice->groups, lattice->space->size, sizeof *lattice->groups);
    hpo__alloc_free(&alloc, lattice->values, lattice->space->size, sizeof *lattice->values);
    hpo__alloc_free(&alloc, lattice->current, lattice->space->size, sizeof *lattice->current);
    hpo__axes_free(lattice->space, lattice->axes);
    hpo__alloc_free(&alloc, lattice, 1, sizeof *lattice);
}

const hpo__axis *hpo__lattice_axis(const hpo__lattice *lattice, size_t parameter) {
    return &lattice->axes[parameter];
}

uint64_t hpo__lattice_total(const hpo__lattice *lattice) {
    return lattice->total;
}

/* ---- index to cell ---- */

static size_t block_of(const group *g, uint64_t index) {
    size_t low = 0, high = g->n_blocks;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (g->starts[middle] <= index)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void group_point(hpo__lattice *lattice, const group *g, uint64_t index, double *unit) {
    if (g->n_branches > 0) {
        size_t block = block_of(g, index);
        index -= g->starts[block];
        for (size_t k = 0; k < g->n_branches; k++) {
            uint32_t level = g->levels[block * g->n_branches + k];
            set_branch(lattice, g, k, level);
            unit[g->branches[k]] = level == INACTIVE ? (double)NAN : axis_unit(lattice, g->branches[k], level);
        }
    }
    for (size_t k = g->n_leaves; k-- > 0;) {
        size_t parameter = g->leaves[k];
        if (!hpo__space_active(lattice->space, parameter, lattice->values)) {
            unit[parameter] = (double)NAN;
            continue;
        }
        uint64_t n      = lattice->axes[parameter].n;
        unit[parameter] = axis_unit(lattice, parameter, index % n);
        index /= n;
    }
}

void hpo__lattice_point(hpo__lattice *lattice, uint64_t index, double *unit) {
    for (size_t i = lattice->n_groups; i-- > 0;) {
        const group *g = &lattice->groups[i];
        group_point(lattice, g, index % g->total, unit);
        index /= g->total;
    }
}

/* ---- cell to index ---- */

/* The block with the levels in lattice->current; blocks stand in lexicographic order, an inactive branch having one case only. */
static bool find_block(const hpo__lattice *lattice, const group *g, size_t *block) {
    size_t low = 0, high = g->n_blocks;
    while (low < high) {
        size_t          middle = low + (high - low) / 2, k = 0;
        const uint32_t *levels = g->levels + middle * g->n_branches;
        while (k < g->n_branches && levels[k] == lattice->current[k])
            k++;
        if (k == g->n_branches) {
            *block = middle;
            return true;
        }
        if (levels[k] < lattice->current[k])
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static bool group_find(hpo__lattice *lattice, const group *g, const double *unit, uint64_t *index) {
    uint64_t start = 0, level;
    *index         = 0;
    for (size_t k = 0; k < g->n_branches; k++) {
        size_t parameter = g->branches[k];
        if (isnan(unit[parameter]))
            set_branch(lattice, g, k, INACTIVE);
        else if (axis_level(lattice, parameter, unit[parameter], &level))
            set_branch(lattice, g, k, (uint32_t)level);
        else
            return false;
    }
    if (g->n_branches > 0) {
        size_t block;
        if (!find_block(lattice, g, &block))
            return false;
        start = g->starts[block];
    }
    for (size_t k = 0; k < g->n_leaves; k++) {
        size_t parameter = g->leaves[k];
        bool   active    = hpo__space_active(lattice->space, parameter, lattice->values);
        if (isnan(unit[parameter]) == active)
            return false;
        if (!active)
            continue;
        if (!axis_level(lattice, parameter, unit[parameter], &level))
            return false;
        *index = *index * lattice->axes[parameter].n + level;
    }
    *index += start;
    return true;
}

bool hpo__lattice_find(hpo__lattice *lattice, const double *unit, uint64_t *index) {
    *index = 0;
    for (size_t i = 0; i < lattice->n_groups; i++) {
        uint64_t digit;
        if (!group_find(lattice, &lattice->groups[i], unit, &digit))
            return false;
        *index = *index * lattice->groups[i].total + digit;
    }
    return true;
}
