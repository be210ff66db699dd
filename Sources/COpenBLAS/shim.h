#pragma once
#include <cblas.h>
#include <stddef.h>

// The LAPACK routines used here, as libopenblas exports them: column-major, every argument by
// address, `int` for integers, a hidden length behind each character argument.

void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t uplo_length);
void ssyevd_(const char *jobz, const char *uplo, const int *n, float *a, const int *lda, float *w,
             float *work, const int *lwork, int *iwork, const int *liwork, int *info,
             size_t jobz_length, size_t uplo_length);
