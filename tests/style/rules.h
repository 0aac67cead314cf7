// The house rules; each looks at one file and complains.
#pragma once

#include "tests/style/source_file.h"

namespace seventeen::style {

inline constexpr std::size_t kMostFileLines = 800;  // the hard stop; 400 is the aim
inline constexpr std::size_t kMostBodyLines = 60;
inline constexpr std::size_t kMostParameters = 6;

// floors.cpp
void includes_only_lower_floors(const SourceFile& file, Complaints& complaints);
void only_decoder_includes_zydis(const SourceFile& file, Complaints& complaints);

// budgets.cpp
void file_is_short(const SourceFile& file, Complaints& complaints);  // tables (.inc) are exempt
// A dispatch function is exempt: at least a third of its lines hold a case label.
void functions_are_short(const SourceFile& file, Complaints& complaints);
void parameters_are_few(const SourceFile& file, Complaints& complaints);

// wording.cpp
void first_line_says_purpose(const SourceFile& file, Complaints& complaints);
void namespaces_match_folders(const SourceFile& file, Complaints& complaints);
void file_name_is_snake_case(const SourceFile& file, Complaints& complaints);
void headers_are_guarded(const SourceFile& file, Complaints& complaints);
void macros_are_not_functions(const SourceFile& file, Complaints& complaints);
void conditional_code_is_in_host_files(const SourceFile& file, Complaints& complaints);
void casts_say_why_they_are_safe(const SourceFile& file, Complaints& complaints);
void nothing_is_left_for_later(const SourceFile& file, Complaints& complaints);

}  // namespace seventeen::style
