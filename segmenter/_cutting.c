/* What Python calls of the segmenter's C: arrays in, looked at before anything is done with them, and arrays out. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "_cutting.h"

enum { READ = PyBUF_C_CONTIGUOUS | PyBUF_FORMAT, WRITE = READ | PyBUF_WRITABLE, MOST_DIMS = 3, MOST_SHARES = 8 };
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

/* Items of some bytes as a bytearray; they are freed. */
static PyObject *give(void *items, int count, size_t size) {
    PyObject *given = count < 0 ? PyErr_NoMemory() : PyByteArray_FromStringAndSize(items, count * (Py_ssize_t)size);
    free(items);
    return given;
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

static PyObject *image_to_contrast(PyObject *self, PyObject *args) {
    PyObject *image, *distance, *light;
    Py_buffer views[3] = {{0}};
    if (!PyArg_ParseTuple(args, "OOO", &image, &distance, &light)) return NULL;
    if (take(image, READ, (Wanted){"image", "B", 3, {ANY, ANY, CHANNELS}}, views)) return NULL;
    const Py_ssize_t rows = views->shape[0], cols = views->shape[1];
    PyObject *result = NULL;
    if (!take(distance, WRITE, (Wanted){"distance", "f", 2, {rows, cols}}, views + 1) &&
        !take(light, WRITE, (Wanted){"light", "f", 2, {rows, cols}}, views + 2)) {
        int status;
        Py_BEGIN_ALLOW_THREADS
        status = kerf_image_to_contrast(views[0].buf, (int)rows, (int)cols, views[1].buf, views[2].buf);
        Py_END_ALLOW_THREADS
        result = done(status);
    }
    release(views, 3);
    return result;
}

static PyObject *erase_frame(PyObject *self, PyObject *distance) {
    Py_buffer view;
    if (take(distance, WRITE, (Wanted){"distance", "f", 2, {ANY, ANY}}, &view)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    kerf_erase_frame(view.buf, (int)view.shape[0], (int)view.shape[1]);
    Py_END_ALLOW_THREADS
    release(&view, 1);
    Py_RETURN_NONE;
}

/* Shares of a tuple, ascending in [0, 1]; their number, or -1 and an error. */
static int tuple_to_shares(PyObject *tuple, double *shares) {
    Py_ssize_t n = PyTuple_Size(tuple);
    double last = 0.0;
    for (Py_ssize_t i = 0; i < n && i < MOST_SHARES; i++, last = shares[i - 1]) {
        shares[i] = PyFloat_AsDouble(PyTuple_GetItem(tuple, i));
        if (PyErr_Occurred()) return -1;
        if (!(shares[i] >= last && shares[i] <= 1.0)) n = MOST_SHARES + 1;
    }
    if (n <= MOST_SHARES) return (int)n;
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

static PyObject *scale_contrast(PyObject *self, PyObject *args) {
    PyObject *distance, *light, *ink, *lightness;
    double floor, peak, sign;
    int neutral;
    Py_buffer views[4] = {{0}};
    if (!PyArg_ParseTuple(args, "OOdddiOO", &distance, &light, &floor, &peak, &sign, &neutral, &ink, &lightness))
        return NULL;
    if (take(distance, READ, (Wanted){"distance", "f", 2, {ANY, ANY}}, views)) return NULL;
    const Py_ssize_t rows = views->shape[0], cols = views->shape[1];
    int taken = !take(light, READ, (Wanted){"light", "f", 2, {rows, cols}}, views + 1) &&
                !take(ink, WRITE, (Wanted){"ink", "f", 2, {rows, cols}}, views + 2) &&
                !take(lightness, WRITE, (Wanted){"lightness", "B", 2, {rows, cols}}, views + 3);
    if (taken) {
        Py_BEGIN_ALLOW_THREADS
        kerf_scale_contrast(views[0].buf, views[1].buf, (size_t)(rows * cols), floor, peak, neutral, sign,
                            views[2].buf, views[3].buf);
        Py_END_ALLOW_THREADS
    }
    release(views, 4);
    return taken ? done(0) : NULL;
}

static PyObject *remove_specks(PyObject *self, PyObject *args) {
    PyObject *mask;
    double speck_height;
    Py_buffer view;
    int status;
    if (!PyArg_ParseTuple(args, "Od", &mask, &speck_height)) return NULL;
    if (take(mask, WRITE, (Wanted){"mask", MASK, 2, {ANY, ANY}}, &view)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    status = kerf_remove_specks(view.buf, (int)view.shape[0], (int)view.shape[1], speck_height);
    Py_END_ALLOW_THREADS
    release(&view, 1);
    return done(status);
}

static PyObject *profile_to_extent(PyObject *self, PyObject *args) {
    PyObject *profile;
    double tail;
    Py_buffer view;
    int first, end;
    if (!PyArg_ParseTuple(args, "Od", &profile, &tail)) return NULL;
    if (take(profile, READ, (Wanted){"profile", "i", 1, {ANY}}, &view)) return NULL;
    kerf_profile_to_extent(view.buf, (int)view.shape[0], tail, &first, &end);
    release(&view, 1);
    return Py_BuildValue("ii", first, end);
}

static PyObject *mask_to_pieces(PyObject *self, PyObject *mask) {
    Py_buffer view;
    Span *pieces = NULL;
    int count;
    if (take(mask, READ, (Wanted){"mask", MASK, 2, {ANY, ANY}}, &view)) return NULL;
    Py_BEGIN_ALLOW_THREADS
    count = kerf_mask_to_pieces(view.buf, (int)view.shape[0], (int)view.shape[1], &pieces);
    Py_END_ALLOW_THREADS
    release(&view, 1);
    return give(pieces, count, sizeof(Span));
}

/* Take spans, any number of them, that lie within so many columns. */
static int take_spans(PyObject *object, const char *name, Py_ssize_t cols, Py_buffer *view) {
    view->obj = NULL;
    if (PyObject_GetBuffer(object, view, READ)) return -1;
    Wanted wanted = {name, "i", 2, {view->ndim ? view->shape[0] : 0, 2}};
    int right = fits(view, &wanted);
    const Span *span = view->buf;
    for (Py_ssize_t i = 0; right && i < view->shape[0]; i++)
        right = 0 <= span[i].left && span[i].left < span[i].end && span[i].end <= cols;
    if (right) return 0;
    PyErr_Format(PyExc_ValueError, "%s must be spans within the columns, of 32 bits", name);
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
    if (!take_spans(spans, "spans", cols, views + 1)) {
        const int n = (int)views[1].shape[0];
        Span *extents = malloc((size_t)most(n, 1) * sizeof(Span));
        Py_BEGIN_ALLOW_THREADS
        if (extents) kerf_spans_to_rows(views[0].buf, rows, cols, views[1].buf, n, extents);
        Py_END_ALLOW_THREADS
        result = give(extents, extents ? n : -1, sizeof(Span));
    }
    release(views, 2);
    return result;
}

static PyObject *pieces_to_cuts(PyObject *self, PyObject *args) {
    PyObject *pieces, *profile;
    int closest;
    double spacing;
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OOid", &pieces, &profile, &closest, &spacing)) return NULL;
    if (closest < 1 || !(spacing >= 2.0)) return PyErr_Format(PyExc_ValueError, "cuts would be too many");
    if (take(profile, READ, (Wanted){"profile", "f", 1, {ANY}}, views)) return NULL;
    const int cols = (int)views->shape[0];
    PyObject *result = NULL;
    if (!take_spans(pieces, "pieces", cols, views + 1)) {
        int32_t *cuts = malloc(((size_t)cols + 1) * sizeof(int32_t));
        int count = -1;
        Py_BEGIN_ALLOW_THREADS
        if (cuts)
            count = kerf_pieces_to_cuts(views[1].buf, (int)views[1].shape[0], views[0].buf, cols, closest, spacing, cuts);
        Py_END_ALLOW_THREADS
        result = give(cuts, count, sizeof(int32_t));
    }
    release(views, 2);
    return result;
}

/* Take cuts, at least two, that ascend within so many columns. */
static int take_cuts(PyObject *object, Py_ssize_t cols, Py_buffer *view) {
    if (take(object, READ, (Wanted){"cuts", "i", 1, {ANY}}, view)) return -1;
    const int32_t *cut = view->buf;
    const Py_ssize_t n = view->shape[0];
    int right = cut[0] >= 0 && cut[n - 1] <= cols;
    for (Py_ssize_t i = 1; right && i < n; i++) right = cut[i - 1] < cut[i];
    if (right) return 0;
    PyErr_Format(PyExc_ValueError, "cuts must ascend within the columns");
    PyBuffer_Release(view);
    return -1;
}

static PyObject *cuts_to_spans(PyObject *self, PyObject *args) {
    PyObject *cuts, *profile;
    double widths[2];
    Py_buffer views[2] = {{0}};
    if (!PyArg_ParseTuple(args, "OOdd", &cuts, &profile, &widths[0], &widths[1])) return NULL;
    if (take(profile, READ, (Wanted){"profile", "f", 1, {ANY}}, views)) return NULL;
    const int cols = (int)views->shape[0];
    PyObject *result = NULL;
    if (!take_cuts(cuts, cols, views + 1)) {
        int32_t *spans = NULL;
        int count;
        Py_BEGIN_ALLOW_THREADS
        count = kerf_cuts_to_spans(views[1].buf, (int)views[1].shape[0], views[0].buf, cols, widths, &spans);
        Py_END_ALLOW_THREADS
        result = give(spans, count, 2 * sizeof(int32_t));
    }
    release(views, 2);
    return result;
}

#define ENTRY(name, flags) {#name, name, flags, NULL}
static PyMethodDef methods[] = {
    ENTRY(image_to_background, METH_VARARGS),
    ENTRY(image_to_contrast, METH_VARARGS),
    ENTRY(erase_frame, METH_O),
    ENTRY(quantiles, METH_VARARGS),
    ENTRY(scale_contrast, METH_VARARGS),
    ENTRY(remove_specks, METH_VARARGS),
    ENTRY(profile_to_extent, METH_VARARGS),
    ENTRY(mask_to_pieces, METH_O),
    ENTRY(spans_to_rows, METH_VARARGS),
    ENTRY(pieces_to_cuts, METH_VARARGS),
    ENTRY(cuts_to_spans, METH_VARARGS),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_cutting", "Cutting, where every pixel is visited.", 0, methods};

PyMODINIT_FUNC PyInit__cutting(void) { return PyModuleDef_Init(&module); }
