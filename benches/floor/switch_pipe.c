/* The floor of the probe `pipe-processes`: a byte to another process and back, over two pipes. */
#include "messages.h"

int main(int argc, char **argv)
{
    messages_measure(argc, argv, 1, messages_over_pipes);
}
