/* The search through a lattice, where every candidate is visited. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

static PyMethodDef methods[] = {{NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_search", "The search through a lattice, where every candidate is visited.", 0, methods};

PyMODINIT_FUNC PyInit__search(void) { return PyModuleDef_Init(&module); }
