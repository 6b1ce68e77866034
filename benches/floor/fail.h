/* How all programs here end when a call fails. */
#ifndef FAIL_H
#define FAIL_H

/* Says which call failed and why, and ends the process with 1. */
_Noreturn void fail(const char *call);

#endif
