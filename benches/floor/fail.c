/* How all programs here end when a call fails: see fail.h. */
#include "fail.h"

#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *call)
{
    perror(call);
    exit(EXIT_FAILURE);
}
