/* The floor of the probe `pipe`: a message of 64 bytes to another process and back, over two pipes. */
#include "messages.h"

int main(int argc, char **argv)
{
    messages_measure(argc, argv, 64, messages_over_pipes);
}
