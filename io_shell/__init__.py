"""io_shell acts: it carries plans out, with files, sockets, clocks, chance and people at the command line."""
