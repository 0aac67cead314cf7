// Between stack order and physical order.
#include "translator/fpu_image.h"

#include <algorithm>

namespace seventeen::translator {

namespace {

constexpr unsigned kGuestXmm = 8;  // outside 64-bit mode

}  // namespace

void FpuImage::take_from(const FpuState& fpu) {
    control = fpu.control;
    status = fpu.status;
    valid = fpu.valid;
    mxcsr = fpu.mxcsr;
    for (unsigned i = 0; i < st.size(); ++i)
        st[i] = {fpu.st(i).significand, fpu.st(i).sign_exponent, {}};
    std::copy_n(fpu.xmm.begin(), kGuestXmm, xmm.begin());
}

void FpuImage::give_to(FpuState& fpu) const {
    fpu.control = control;
    fpu.status = status;
    fpu.valid = valid;
    fpu.mxcsr = mxcsr;
    for (unsigned i = 0; i < st.size(); ++i) fpu.st(i) = {st[i].significand, st[i].sign_exponent};
    std::copy_n(xmm.begin(), kGuestXmm, fpu.xmm.begin());
}

}  // namespace seventeen::translator
