/* What Python calls of the search: arrays in, looked at before anything is done with them, and arrays to fill. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "_search.h"

enum { LOGITS, SKIPS, SPANS, FIRST_SPAN, FIRST_CUT, GROUPS, ALLOWED, STARTS, ENDS, INPUTS, ARRAYS = 5 };

static const char *check_ranges(const int32_t *first, int count, Py_ssize_t end, int least_of_each, int *most) {
    *most = 0;
    for (int i = 0; i < count; i++) {
        int64_t own = (int64_t)first[i + 1] - first[i];
        if (first[i] < 0 || own < least_of_each) {
            return "an image's candidates or cuts end before they begin";
        }
        *most = own > *most ? (int)own : *most;
    }
    return first[0] || first[count] != end ? "images do not share out all candidates and cuts" : NULL;
}

/* What is wrong with the lattices, or NULL; fills in the batch. */
static const char *to_batch(const Py_buffer *in, double temperature, Batch *batch) {
    *batch = (Batch){in[LOGITS].buf,    in[SKIPS].buf, in[SPANS].buf, in[FIRST_SPAN].buf,
                     in[FIRST_CUT].buf, 0, 0, 0, 1 / temperature};
    Py_ssize_t images = in[FIRST_SPAN].len / 4 - 1, spans = in[SPANS].len / 8, cuts = in[SKIPS].len / 4;
    if (images < 0 || images > INT32_MAX || spans > INT32_MAX || cuts > INT32_MAX ||
        in[FIRST_CUT].len != in[FIRST_SPAN].len) {
        return "first_span and first_cut are int32 (B + 1)";
    }
    batch->images = (int)images;
    const char *fault = check_ranges(batch->first_span, batch->images, spans, 0, &batch->most_arcs);
    fault = fault ? fault : check_ranges(batch->first_cut, batch->images, cuts, 1, &batch->most_cuts);
    for (int image = 0; image < images && !fault; image++) {
        int own = batch->first_cut[image + 1] - batch->first_cut[image];
        for (int32_t i = batch->first_span[image]; i < batch->first_span[image + 1]; i++) {
            int32_t start = batch->spans[2 * (size_t)i], end = batch->spans[2 * (size_t)i + 1];
            fault = start < 0 || start >= end || end >= own ? "a candidate does not lie between two cuts" : fault;
        }
    }
    return fault ? fault : temperature > 0 ? NULL : "the temperature is not above 0";
}

/* What is wrong with the tracks, or NULL; fills them in. */
static const char *to_tracks(Space *space) {
    if (!space->starts[0]) {
        return "the first track does not start at the first place";
    }
    for (int l = 0; l <= space->length; l++) {
        if (space->starts[l]) {
            space->first[space->tracks++] = l;
        }
        int track = space->tracks - 1;
        space->steps[track] = l - space->first[track];
        space->longest = space->steps[track] > space->longest ? space->steps[track] : space->longest;
    }
    return NULL;
}

/* What is wrong with the texts that may be read, or NULL; fills in the space. */
static const char *to_space(const Py_buffer *in, Space *space) {
    Py_ssize_t length = in[ENDS].len - 1, spans = in[SPANS].len / 8;
    if (length < 1 || length > MOST_STEPS || in[STARTS].len != length + 1 || in[ALLOWED].len % length ||
        in[ALLOWED].len / length > INT32_MAX - LANES) {
        return "allowed is bool (L, C), starts and ends (L + 1), where L is within 1 and 256";
    }
    Py_ssize_t characters = in[ALLOWED].len / length, classes = spans ? in[LOGITS].len / 4 / spans : 0;
    if (characters < 1 || in[GROUPS].len < 4 * characters || in[GROUPS].len % (4 * characters) ||
        in[LOGITS].len != classes * spans * 4 || classes > INT32_MAX) {
        return "groups is int32 (C, G) and logits is float32 (N, K)";
    }
    *space = (Space){(int)classes, (int)characters, (int)(in[GROUPS].len / 4 / characters), (int)length, 0};
    space->stride = (space->characters + LANES - 1) / LANES * LANES;
    space->groups = in[GROUPS].buf;
    space->allowed = in[ALLOWED].buf;
    space->starts = in[STARTS].buf;
    space->ends = in[ENDS].buf;
    for (Py_ssize_t i = 0; spans && i < in[GROUPS].len / 4; i++) {
        if (space->groups[i] < 0 || space->groups[i] + (i % space->members == 0) > classes) {
            return "a group holds no class, or one that there is not";
        }
    }
    for (int l = 0; l < space->length; l++) {
        int same = 0;
        const uint8_t *row = space->allowed + (size_t)l * characters;
        while (memcmp(space->allowed + (size_t)same * characters, row, characters)) {
            same++;
        }
        space->row_of[l] = same < l ? space->row_of[same] : space->rows++;
    }
    return to_tracks(space);
}

/* What both functions begin with, and how it is parsed. */
typedef struct {
    Py_buffer in[INPUTS], arrays[ARRAYS];
    double temperature;
    Batch batch;
    Space space;
} Call;

#define FORMAT "y*y*y*y*y*y*y*y*y*d"
#define INTO(call)                                                                                                    \
    (call).in, (call).in + 1, (call).in + 2, (call).in + 3, (call).in + 4, (call).in + 5, (call).in + 6,              \
        (call).in + 7, (call).in + 8, &(call).temperature

/* What is wrong with the lattices or texts, or NULL; fills in the batch and the space. */
static const char *to_call(Call *call) {
    const char *fault = to_batch(call->in, call->temperature, &call->batch);
    return fault ? fault : to_space(call->in, &call->space);
}

/* Give the arrays back; None, or an error that says what was wrong or that memory was short. */
static PyObject *finish(Call *call, const char *fault, int done) {
    for (int i = 0; i < INPUTS; i++) {
        PyBuffer_Release(call->in + i);
    }
    for (int i = 0; i < ARRAYS; i++) {
        PyBuffer_Release(call->arrays + i);
    }
    if (fault) {
        return PyErr_Format(PyExc_ValueError, "%s", fault);
    }
    return done ? Py_NewRef(Py_None) : PyErr_NoMemory();
}

enum { TEXTS, TEXT_LENGTHS, SHARES, CANDIDATES, CHARACTERS };

static int results_fit(const Call *call, const Settings *settings) {
    Py_ssize_t images = call->batch.images, texts = images * settings->best, length = call->space.length;
    const Py_buffer *out = call->arrays;
    return settings->best > 0 && settings->narrow > 0 && settings->expansions > 0 &&
           settings->expansions < INT32_MAX / 2 && out[TEXTS].len == texts * length * 4 &&
           out[TEXT_LENGTHS].len == texts * 4 && out[SHARES].len == texts * 8 &&
           out[CANDIDATES].len == images * length * 4 && out[CHARACTERS].len == images * length * 8;
}

static PyObject *decode(PyObject *self, PyObject *args) {
    Call call;
    Py_buffer *out = call.arrays;
    Settings settings;
    if (!PyArg_ParseTuple(args, FORMAT "ipdiiw*w*w*w*w*", INTO(call), &settings.best, &settings.exact,
                          &settings.certain, &settings.expansions, &settings.narrow, out, out + 1, out + 2, out + 3,
                          out + 4)) {
        return NULL;
    }
    int done = 0;
    const char *fault = to_call(&call);
    if (!fault && !results_fit(&call, &settings)) {
        fault = "the arrays for what is read do not fit";
    }
    if (!fault) {
        Found found = {settings.best,     0, call.space.length, out[TEXTS].buf, out[TEXT_LENGTHS].buf,
                       out[SHARES].buf};
        Py_BEGIN_ALLOW_THREADS
        done = kerf_decode_batch(&call.batch, &call.space, &settings, found, out[CANDIDATES].buf,
                                 out[CHARACTERS].buf);
        Py_END_ALLOW_THREADS
    }
    return finish(&call, fault, done);
}

enum { LABELS, LABEL_LENGTHS, VALUES, BY_LOGITS, BY_SKIPS };

/* Gradients are wanted where there is room for them: there is a cut in every image. */
static int labels_fit(const Call *call, int wanted) {
    Py_ssize_t images = call->batch.images;
    const Py_buffer *arrays = call->arrays;
    const int32_t *labels = arrays[LABELS].buf, *counts = arrays[LABEL_LENGTHS].buf;
    int fit = arrays[LABELS].len == images * call->space.length * 4 && arrays[LABEL_LENGTHS].len == images * 4;
    fit = fit && arrays[VALUES].len == images * 8;
    fit = fit && (!wanted || (arrays[BY_LOGITS].len == call->in[LOGITS].len &&
                              arrays[BY_SKIPS].len == call->in[SKIPS].len));
    for (Py_ssize_t i = 0; fit && i < images * call->space.length; i++) {
        fit = labels[i] >= 0 && labels[i] < call->space.characters;
    }
    for (Py_ssize_t i = 0; fit && i < images; i++) {
        fit = counts[i] <= call->space.length;
    }
    return fit;
}

static PyObject *losses(PyObject *self, PyObject *args) {
    Call call;
    Py_buffer *arrays = call.arrays;
    if (!PyArg_ParseTuple(args, FORMAT "y*y*w*w*w*", INTO(call), arrays, arrays + 1, arrays + 2, arrays + 3,
                          arrays + 4)) {
        return NULL;
    }
    int done = 0, wanted = arrays[BY_SKIPS].len > 0;
    const char *fault = to_call(&call);
    if (!fault && !labels_fit(&call, wanted)) {
        fault = "labels or the arrays for losses and gradients do not fit";
    }
    if (!fault) {
        Py_BEGIN_ALLOW_THREADS
        done = kerf_label_batch(&call.batch, &call.space, arrays[LABELS].buf, arrays[LABEL_LENGTHS].buf,
                                arrays[VALUES].buf, wanted ? arrays[BY_LOGITS].buf : NULL, arrays[BY_SKIPS].buf);
        Py_END_ALLOW_THREADS
    }
    return finish(&call, fault, done);
}

static PyMethodDef methods[] = {
    {"decode", decode, METH_VARARGS, "Read every image of a batch."},
    {"losses", losses, METH_VARARGS, "Losses of every image of a batch, and their gradients."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_search", "The search through a lattice, where every candidate is visited.", 0, methods,
};

PyMODINIT_FUNC PyInit__search(void) { return PyModuleDef_Init(&module); }
