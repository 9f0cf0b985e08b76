/* What Python calls of the segmenter's C: arrays in, looked at before anything is done with them, and arrays out. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "_cutting.h"

enum { READ = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT, WRITE = READ | PyBUF_WRITABLE, MOST_DIMS = 3, MOST_SHARES = 8, FARTHEST = 1 << 30 };
#define ANY (-1) /* a length of at least one */
#define MASK "?B"

/* An argument: its name, the letters of the formats it may have, and its shape. */
typedef struct {
    const char *name, *formats;
    int dims;
    Py_ssize_t shape[MOST_DIMS];
} Wanted;

static int fits(const Py_buffer *view, const Wanted *wanted) {
    const char *format = view->format ? view->format : "B";
    if (!format[0] || format[1] || !strchr(wanted->formats, format[0])) return 0;
    if (view->ndim != wanted->dims || view->len > INT_MAX) return 0; /* so that indices are ints */
    if ((uintptr_t)view->buf % (size_t)view->itemsize) return 0;
    for (int i = 0; i < wanted->dims; i++)
        if (wanted->shape[i] == ANY ? view->shape[i] < 1 : view->shape[i] != wanted->shape[i]) return 0;
    return 1;
}

/* Take an array for reading or writing; else, an error is set and nothing is to be released. */
static int take(PyObject *object, int flags, Wanted wanted, Py_buffer *view) {
    view->obj = NULL;
    if (PyObject_GetBuffer(object, view, flags)) return -1;
    if (fits(view, &wanted)) return 0;
    PyErr_Format(PyExc_ValueError, "%s has not the type or shape that it needs", wanted.name);
    PyBuffer_Release(view);
    return -1;
}

static void release(Py_buffer *views, int n) {
    for (int i = 0; i < n; i++) PyBuffer_Release(views + i);
}

/* None, or an error where memory was short. */
static PyObject *done(int status) {
    if (status < 0) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* Memory as a bytearray, which numpy sees as an array that can be written to. */
static PyObject *to_bytes(const void *items, int count, size_t size) {
    return PyByteArray_FromStringAndSize(items, count * (Py_ssize_t)size);
}

static PyObject *image_to_background(PyObject *self, PyObject *args) {
    PyObject *image, *background;
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OO", &image, &background)) return NULL;
    if (take(image, READ, (Wanted){"image", "B", 3, {ANY, ANY, CHANNELS}}, views)) return NULL;
    const Py_ssize_t rows = views->shape[0], cols = views->shape[1];
    PyObject *result = NULL;
    if (!take(background, WRITE, (Wanted){"background", "f", 3, {rows, cols, CHANNELS}}, views + 1)) {
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = kerf_image_to_background(views[0].buf, (int)rows, (int)cols, views[1].buf);
        Py_END_ALLOW_THREADS
        result = done(status);
    }
    release(views, 2);
    return result;
}

static PyObject *image_to_ink(PyObject *self, PyObject *args) {
    PyObject *image, *ink, *lightness, *mask;
    InkRules rules;
    Py_buffer views[4] = {{0}};
    if (!PyArg_ParseTuple(args, "OdddiOOO", &image, &rules.threshold, &rules.noise_factor, &rules.speck_height,
                          &rules.neutral, &ink, &lightness, &mask))
        return NULL;
    if (take(image, READ, (Wanted){"image", "B", 3, {ANY, ANY, CHANNELS}}, views)) return NULL;
    const Py_ssize_t rows = views->shape[0], cols = views->shape[1];
    PyObject *result = NULL;
    if (!take(ink, WRITE, (Wanted){"ink", "f", 2, {rows, cols}}, views + 1) &&
        !take(lightness, WRITE, (Wanted){"lightness", "B", 2, {rows, cols}}, views + 2) &&
        !take(mask, WRITE, (Wanted){"mask", MASK, 2, {rows, cols}}, views + 3)) {
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = kerf_image_to_ink(views[0].buf, (int)rows, (int)cols, &rules, views[1].buf, views[2].buf,
                                   views[3].buf);
        Py_END_ALLOW_THREADS
        result = done(status);
    }
    release(views, 4);
    return result;
}

/* Shares of a tuple, ascending in [0, 1]; their number, or -1 and an error. */
static int tuple_to_shares(PyObject *tuple, double *shares) {
    const Py_ssize_t n = PyTuple_Size(tuple);
    int right = n <= MOST_SHARES;
    for (Py_ssize_t i = 0; right && i < n; i++) {
        shares[i] = PyFloat_AsDouble(PyTuple_GetItem(tuple, i));
        if (PyErr_Occurred()) return -1;
        right = shares[i] >= (i ? shares[i - 1] : 0.0) && shares[i] <= 1.0;
    }
    if (right) return (int)n;
    PyErr_Format(PyExc_ValueError, "shares must be at most %d, ascending in [0, 1]", MOST_SHARES);
    return -1;
}

static PyObject *quantiles(PyObject *self, PyObject *args) {
    PyObject *values, *mask, *tuple;
    Py_buffer views[2] = {{0}};
    double shares[MOST_SHARES], found[MOST_SHARES];
    if (!PyArg_ParseTuple(args, "OOO!", &values, &mask, &PyTuple_Type, &tuple)) return NULL;
    int n = tuple_to_shares(tuple, shares);
    if (n < 0 || take(values, READ, (Wanted){"values", "f", 1, {ANY}}, views)) return NULL;
    PyObject *result = NULL;
    if (mask == Py_None || !take(mask, READ, (Wanted){"mask", MASK, 1, {views->shape[0]}}, views + 1)) {
        Py_BEGIN_ALLOW_THREADS
        kerf_quantiles(views[0].buf, views[1].buf, (size_t)views[0].shape[0], shares, n, found);
        Py_END_ALLOW_THREADS
        result = PyTuple_New(n);
        for (int i = 0; i < n && result; i++) PyTuple_SetItem(result, i, PyFloat_FromDouble(found[i]));
    }
    release(views, 2);
    return result;
}

static PyObject *mask_to_box(PyObject *self, PyObject *args) {
    PyObject *mask;
    double tail;
    Py_buffer view;
    if (!PyArg_ParseTuple(args, "Od", &mask, &tail)) return NULL;
    if (!(tail >= 0.0 && tail < 0.5)) return PyErr_Format(PyExc_ValueError, "tail must be in [0, 0.5)");
    if (take(mask, READ, (Wanted){"mask", MASK, 2, {ANY, ANY}}, &view)) return NULL;
    const int rows = (int)view.shape[0], cols = (int)view.shape[1];
    int32_t *profile = malloc(((size_t)rows + cols) * sizeof(int32_t));
    Box box = {0};
    Py_BEGIN_ALLOW_THREADS
    if (profile) box = kerf_mask_to_box(view.buf, rows, cols, tail, profile);
    Py_END_ALLOW_THREADS
    PyObject *result = profile ? Py_BuildValue("iiii", box.top, box.bottom, box.left, box.right) : PyErr_NoMemory();
    free(profile);
    release(&view, 1);
    return result;
}

static PyObject *crop(PyObject *self, PyObject *args) {
    PyObject *ink, *lightness, *mask, *planes;
    int top, left, neutral;
    Py_buffer views[4] = {{0}};
    if (!PyArg_ParseTuple(args, "OOOiiiO", &ink, &lightness, &mask, &top, &left, &neutral, &planes)) return NULL;
    if (take(ink, READ, (Wanted){"ink", "f", 2, {ANY, ANY}}, views)) return NULL;
    const Py_ssize_t rows = views->shape[0], cols = views->shape[1];
    const int near = top >= -FARTHEST && top <= FARTHEST && left >= -FARTHEST && left <= FARTHEST;
    if (!near) PyErr_Format(PyExc_ValueError, "top and left must be at most %d away", FARTHEST);
    int taken = near && !take(lightness, READ, (Wanted){"lightness", "B", 2, {rows, cols}}, views + 1) &&
                !take(mask, READ, (Wanted){"mask", MASK, 2, {rows, cols}}, views + 2) &&
                !take(planes, WRITE, (Wanted){"planes", "B", 3, {CHANNELS, ANY, ANY}}, views + 3);
    if (taken) {
        const Box box = {top, top + (int)views[3].shape[1], left, left + (int)views[3].shape[2]};
        Py_BEGIN_ALLOW_THREADS
        kerf_crop(views[0].buf, views[1].buf, views[2].buf, (int)rows, (int)cols, box, neutral, views[3].buf);
        Py_END_ALLOW_THREADS
    }
    release(views, 4);
    return taken ? done(0) : NULL;
}

static PyObject *shrink(PyObject *self, PyObject *args) {
    PyObject *planes, *out;
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OO", &planes, &out)) return NULL;
    if (take(planes, READ, (Wanted){"planes", "B", 3, {ANY, ANY, ANY}}, views)) return NULL;
    PyObject *result = NULL;
    if (!take(out, WRITE, (Wanted){"out", "B", 3, {views->shape[0], ANY, ANY}}, views + 1)) {
        const Py_ssize_t *from = views[0].shape, *to = views[1].shape;
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = kerf_shrink(views[0].buf, (int)from[0], (int)from[1], (int)from[2], (int)to[1], (int)to[2],
                             views[1].buf);
        Py_END_ALLOW_THREADS
        result = done(status);
    }
    release(views, 2);
    return result;
}

/* Take spans, any number of them, that lie within so many columns. */
static int take_spans(PyObject *object, Py_ssize_t cols, Py_buffer *view) {
    view->obj = NULL;
    if (PyObject_GetBuffer(object, view, READ)) return -1;
    const Wanted wanted = {"spans", "i", 2, {view->ndim ? view->shape[0] : 0, 2}};
    int right = fits(view, &wanted);
    const Span *span = view->buf;
    for (Py_ssize_t i = 0; right && i < view->shape[0]; i++)
        right = 0 <= span[i].left && span[i].left < span[i].end && span[i].end <= cols;
    if (right) return 0;
    PyErr_Format(PyExc_ValueError, "spans must be int32 (N, 2), within the columns");
    PyBuffer_Release(view);
    return -1;
}

static PyObject *spans_to_rows(PyObject *self, PyObject *args) {
    PyObject *mask, *spans;
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OO", &mask, &spans)) return NULL;
    if (take(mask, READ, (Wanted){"mask", MASK, 2, {ANY, ANY}}, views)) return NULL;
    const int rows = (int)views->shape[0], cols = (int)views->shape[1];
    PyObject *result = NULL;
    if (!take_spans(spans, cols, views + 1)) {
        const int n = (int)views[1].shape[0];
        Span *extents = malloc((size_t)most(n, 1) * sizeof(Span));
        Py_BEGIN_ALLOW_THREADS
        if (extents) kerf_spans_to_rows(views[0].buf, rows, cols, views[1].buf, n, extents);
        Py_END_ALLOW_THREADS
        result = extents ? to_bytes(extents, n, sizeof(Span)) : PyErr_NoMemory();
        free(extents);
    }
    release(views, 2);
    return result;
}

/* Cuts, spans and pieces as a tuple. */
static PyObject *lattice_to_tuple(const Lattice *lattice) {
    PyObject *cuts = to_bytes(lattice->cut, lattice->cuts, sizeof(int32_t));
    PyObject *spans = to_bytes(lattice->span, lattice->spans, sizeof(Span));
    PyObject *pieces = to_bytes(lattice->piece, lattice->pieces, sizeof(Span));
    PyObject *tuple = cuts && spans && pieces ? PyTuple_Pack(3, cuts, spans, pieces) : NULL;
    Py_XDECREF(cuts);
    Py_XDECREF(spans);
    Py_XDECREF(pieces);
    return tuple;
}

static PyObject *mask_to_lattice(PyObject *self, PyObject *args) {
    PyObject *mask, *profile;
    CutRules rules;
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OOiddd", &mask, &profile, &rules.closest, &rules.spacing, &rules.min_width,
                          &rules.max_width))
        return NULL;
    if (rules.closest < 1 || !(rules.spacing >= 2.0))
        return PyErr_Format(PyExc_ValueError, "closest must be at least 1, and spacing 2");
    if (take(mask, READ, (Wanted){"mask", MASK, 2, {ANY, ANY}}, views)) return NULL;
    const int rows = (int)views->shape[0], cols = (int)views->shape[1];
    PyObject *result = NULL;
    if (!take(profile, READ, (Wanted){"profile", "f", 1, {cols}}, views + 1)) {
        Lattice lattice;
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = kerf_mask_to_lattice(views[0].buf, rows, cols, views[1].buf, &rules, &lattice);
        Py_END_ALLOW_THREADS
        result = status ? PyErr_NoMemory() : lattice_to_tuple(&lattice);
        kerf_free_lattice(&lattice);
    }
    release(views, 2);
    return result;
}

#define ENTRY(name) {#name, name, METH_VARARGS, NULL}
static PyMethodDef methods[] = {
    ENTRY(image_to_background), ENTRY(quantiles), ENTRY(image_to_ink),    ENTRY(mask_to_box),   ENTRY(crop),
    ENTRY(shrink),              ENTRY(spans_to_rows), ENTRY(mask_to_lattice), {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_cutting", "Cutting, where every pixel is visited.", 0, methods};

PyMODINIT_FUNC PyInit__cutting(void) { return PyModuleDef_Init(&module); }
