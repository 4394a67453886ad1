/* hpo-bench: the figures of libhpo, one sub-command per kind of figure. */
#include "bench.h"
#include <string.h>

static const bench_command *const commands[] = {&bench_latency, &bench_throughput, &bench_tasks, &bench_check, &bench_refs};

static void print_help(FILE *to) {
    fputs("usage: hpo-bench COMMAND [OPTION]...\n\n"
          "Measures libhpo through its public functions and writes a CSV table.\n\ncommands:\n",
          to);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    }
    fputs("\noptions:\n"
          "  --help       this text; 'hpo-bench COMMAND --help' for those of a command\n"
          "  --version    the version of the library that is measured\n\n"
          "Exit status: 0 when every row was measured, 1 when one failed, 2 for a wrong command line.\n",
          to);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return BENCH_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_help(stdout);
        return BENCH_OK;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(hpo_build_info());
        return BENCH_OK;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(argv[1], commands[i]->name) == 0) {
            return commands[i]->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "hpo-bench: there is no command '%s'; 'hpo-bench --help' lists them\n", argv[1]);
    return BENCH_USAGE;
}
