// SpareMappings: some of the host's mappings kept back, so that the heap can grow when windows have
// taken all the others.
//
// The host grants a process so many mappings, and who takes the last one cannot know. Until windows
// are refused one, operator new may be refused first: it then gets these, and windows have to make
// room. There is one set for the process, as there is one heap.
#pragma once

namespace seventeen::translator {

class SpareMappings {
  public:
    // As many as the host grants, where none are kept.
    static void keep();
    static bool kept();
    // False: there were none.
    static bool give_away();
};

}  // namespace seventeen::translator
