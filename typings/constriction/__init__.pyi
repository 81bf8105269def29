from constriction import stream as stream
