// Writes, recognises and replays the journals of commits.
#include "storage/commit_journal.h"

#include <cstring>
#include <functional>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "storage/byte_order.h"
#include "storage/image_medium.h"

namespace seventeen::storage {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMagic = "17commit";
constexpr u64 kHeadSize = 16;    // the magic, and the inode of the image
constexpr u64 kRecordHead = 16;  // a sector and a number of bytes, or the end and the digest
constexpr u64 kEnd = ~u64{0};
constexpr u64 kMostBytes = 1 << 20;  // in a record; Overlay's are of 64 KiB at most

void put_little(std::span<u8> bytes, u64 value) {
    for (u8& byte : bytes) {
        byte = static_cast<u8>(value);
        value >>= 8;
    }
}

std::array<u8, 16> two_words(u64 first, u64 second) {
    std::array<u8, 16> bytes{};
    put_little(std::span(bytes).first(8), first);
    put_little(std::span(bytes).last(8), second);
    return bytes;
}

using Visit = std::function<void(u64 sector, std::span<const u8> bytes)>;

// Is it a journal at all, and of this image? (A copy of an image is another image.)
bool belongs_to(HostFile& journal, const HostFile& image) {
    std::array<u8, kHeadSize> head{};
    journal.read(0, head);
    return std::memcmp(head.data(), kMagic.data(), kMagic.size()) == 0 &&
           little<u64>(head, kMagic.size()) == image.file_identity().inode;
}

// True where the journal is complete; then each record has been visited once.
bool each_record(HostFile& journal, const HostFile& image, const Visit& visit) {
    std::vector<u8> bytes(kHeadSize);
    journal.read(0, bytes);
    u64 sum = digest(bytes);
    u64 at = kHeadSize;
    while (lies_within(at, kRecordHead, journal.size())) {
        bytes.resize(kRecordHead);
        journal.read(at, bytes);
        const u64 sector = little<u64>(bytes);
        const u64 size = little<u64>(bytes, sizeof(u64));
        at += kRecordHead;
        if (sector == kEnd) return size == sum;
        const u64 sectors = size / BlockMedium::kSectorSize;
        if (size > kMostBytes || size % BlockMedium::kSectorSize != 0 ||
            !lies_within(at, size, journal.size()) ||
            !lies_within(sector, sectors, sectors_of(image.size())))
            return false;
        sum = digest(bytes, sum);
        bytes.resize(size);
        journal.read(at, bytes);
        sum = digest(bytes, sum);
        visit(sector, bytes);
        at += size;
    }
    return false;
}

// Null where there is none.
std::unique_ptr<HostFile> journal_of(const fs::path& path, const HostFile& image) {
    const fs::path journal_path = CommitJournal::path_for(path);
    std::error_code ignored;
    if (image.is_block_device() || !fs::is_regular_file(journal_path, ignored)) return nullptr;
    auto journal = std::make_unique<HostFile>(journal_path, Access::kRead);
    return belongs_to(*journal, image) ? std::move(journal) : nullptr;
}

bool is_complete(HostFile& journal, const HostFile& image) {
    return each_record(journal, image, [](u64, std::span<const u8>) {});
}

}  // namespace

fs::path CommitJournal::path_for(const fs::path& image) {
    fs::path path = image;
    path += ".commit";
    return path;
}

CommitJournal::CommitJournal(fs::path journal)
    : path_(std::move(journal)), file_(HostFile::create(path_)) {}

// The delegated constructor has finished, so that the file is removed if this throws.
CommitJournal::CommitJournal(const fs::path& path, const HostFile& image)
    : CommitJournal(path_for(path)) {
    std::array<u8, kHeadSize> head = two_words(0, image.file_identity().inode);
    std::copy(kMagic.begin(), kMagic.end(), head.begin());
    digest_ = digest(head);
    file_->write(0, head);
}

CommitJournal::~CommitJournal() {
    std::error_code ignored;
    if (!finished_) fs::remove(path_, ignored);
}

void CommitJournal::append(std::span<const u8> bytes) {
    file_->write(file_->size(), bytes);
    digest_ = digest(bytes, digest_);
}

void CommitJournal::add(u64 sector, std::span<const u8> bytes) {
    append(two_words(sector, bytes.size()));
    append(bytes);
}

void CommitJournal::finish() {
    append(two_words(kEnd, digest_));
    file_->sync();
    sync_folder(path_);
    finished_ = true;
}

void CommitJournal::remove() {
    remove_file(path_);
}

void refuse_interrupted_commit(const fs::path& path, const HostFile& image) {
    const auto journal = journal_of(path, image);
    if (!journal || !is_complete(*journal, image)) return;
    throw Error(printable("disk image " + path.string() +
                          " is half written: a commit to it was interrupted; open it once to "
                          "commit or to write, which completes that from " +
                          journal->name()));
}

void complete_interrupted_commit(const fs::path& path, HostFile& image) {
    const auto journal = journal_of(path, image);
    if (!journal) return;
    if (is_complete(*journal, image)) {
        each_record(*journal, image, [&](u64 sector, std::span<const u8> bytes) {
            image.write(sector * BlockMedium::kSectorSize, bytes);
        });
        image.sync();
    }
    remove_file(CommitJournal::path_for(path));
}

}  // namespace seventeen::storage
