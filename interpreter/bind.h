// Finds the handler of an instruction: its row's family binds it, if the CPU model has it.
#pragma once

#include "decoder/decoder.h"
#include "decoder/instruction.h"
#include "interpreter/operation.h"
#include "privilege/cpu_model.h"

namespace seventeen::interpreter {

// An instruction that the model lacks gets the handler that raises #UD.
Operation bind_operation(const decoder::Instruction& instruction, const privilege::CpuModel& model);

// An operation that raises #UD (kInvalid) or #GP(0) (kTooLong) in the place of `length` bytes.
Operation undecodable_operation(decoder::DecodeStatus status, u8 length);

}  // namespace seventeen::interpreter
