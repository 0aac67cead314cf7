// Serial lines over file descriptors.
#include "app/serial_linux.h"

#include <fcntl.h>
#include <netdb.h>
#include <pty.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

#include "core/error.h"

namespace seventeen::app {

namespace {

constexpr std::size_t kBuffer = 4096;

class Descriptor {
  public:
    explicit Descriptor(int fd = -1) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    Descriptor& operator=(Descriptor&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~Descriptor() {
        if (fd_ > STDERR_FILENO) close(fd_);
    }
    int get() const { return fd_; }
    bool open() const { return fd_ >= 0; }

  private:
    int fd_;
};

[[noreturn]] void refuse(const std::string& what) {
    throw Error("--serial: " + what + ": " + std::strerror(errno));
}

class NullSerial final : public SerialBackend {
  public:
    void send(u8) override {}
};

// One descriptor to read, one to write; they may be the same.
class DescriptorSerial final : public SerialBackend {
  public:
    DescriptorSerial(Descriptor input, Descriptor output)
        : input_(std::move(input)), output_(std::move(output)) {}

    ~DescriptorSerial() override { flush(); }

    void send(u8 byte) override {
        pending_.push_back(byte);
        // A line at once: who reads along may take the time of it.
        if (byte == '\n' || pending_.size() >= kBuffer) flush();
    }
    void flush() override {
        std::size_t done = 0;
        while (done < pending_.size()) {
            const ssize_t count =
                write(output_.get(), pending_.data() + done, pending_.size() - done);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) break;
            done += static_cast<std::size_t>(count);
        }
        pending_.clear();
    }
    int input_fd() const override { return ended_ ? -1 : input_.get(); }
    std::vector<u8> receive() override {
        std::vector<u8> bytes(kBuffer);
        const ssize_t count = read(input_.get(), bytes.data(), bytes.size());
        if (count == 0) ended_ = true;
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

  private:
    Descriptor input_;
    Descriptor output_;
    std::vector<u8> pending_;
    bool ended_ = false;
};

// Listens, and serves one peer at a time.
class SocketSerial final : public SerialBackend {
  public:
    explicit SocketSerial(Descriptor listener) : listener_(std::move(listener)) {}

    void send(u8 byte) override {
        if (peer_.open() && ::send(peer_.get(), &byte, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 &&
            errno != EAGAIN)
            peer_ = Descriptor();
    }
    int input_fd() const override { return peer_.open() ? peer_.get() : listener_.get(); }
    std::vector<u8> receive() override {
        if (!peer_.open()) {
            peer_ = Descriptor(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            return {};
        }
        std::vector<u8> bytes(kBuffer);
        const ssize_t count = recv(peer_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR)) peer_ = Descriptor();
        bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        return bytes;
    }

  private:
    Descriptor listener_;
    Descriptor peer_;
};

std::unique_ptr<SerialBackend> open_file(const std::string& path) {
    Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (!file.open()) refuse(path);
    return std::make_unique<DescriptorSerial>(Descriptor(), std::move(file));
}

std::unique_ptr<SerialBackend> open_pty() {
    int master = -1;
    int slave = -1;
    std::array<char, 128> name{};
    if (openpty(&master, &slave, name.data(), nullptr, nullptr) != 0) refuse("a pseudo-terminal");
    termios mode{};
    tcgetattr(slave, &mode);
    cfmakeraw(&mode);
    tcsetattr(slave, TCSANOW, &mode);
    // The slave stays open: the line does not hang up while nobody listens.
    fcntl(master, F_SETFL, O_NONBLOCK);
    fcntl(slave, F_SETFD, FD_CLOEXEC);
    std::fprintf(stderr, "seventeen: serial line on %s\n", name.data());
    return std::make_unique<DescriptorSerial>(Descriptor(master), Descriptor(dup(master)));
}

std::unique_ptr<SerialBackend> listen_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        throw Error("--serial: the path " + path + " is too long for a socket");
    std::memcpy(address.sun_path, path.data(), path.size());
    Descriptor listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // A socket that an earlier run left behind is replaced; anything else is not ours.
    struct stat status {};
    if (lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) unlink(path.c_str());
    // SAFETY: the sockets interface takes every kind of address as a sockaddr.
    if (bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        listen(listener.get(), 1) != 0)
        refuse(path);
    return std::make_unique<SocketSerial>(std::move(listener));
}

std::unique_ptr<SerialBackend> listen_tcp(const std::string& place) {
    const auto colon = place.rfind(':');
    if (colon == std::string::npos)
        throw Error("--serial: tcp:" + place + " should read tcp:HOST:PORT");
    const std::string host = colon == 0 ? "127.0.0.1" : place.substr(0, colon);
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_PASSIVE;
    addrinfo* found = nullptr;
    if (getaddrinfo(host.c_str(), place.substr(colon + 1).c_str(), &hints, &found) != 0)
        throw Error("--serial: there is no such place as " + place);
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    Descriptor listener(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const int reuse = 1;
    setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (bind(listener.get(), found->ai_addr, found->ai_addrlen) != 0 ||
        listen(listener.get(), 1) != 0)
        refuse(place);
    return std::make_unique<SocketSerial>(std::move(listener));
}

}  // namespace

std::unique_ptr<SerialBackend> open_serial(const std::string& word) {
    const auto after = [&](std::string_view prefix) { return word.substr(prefix.size()); };
    if (word == "null" || word == "none") return std::make_unique<NullSerial>();
    if (word == "stdio")
        return std::make_unique<DescriptorSerial>(Descriptor(STDIN_FILENO),
                                                  Descriptor(STDOUT_FILENO));
    if (word == "pty") return open_pty();
    if (word.starts_with("file:")) return open_file(after("file:"));
    if (word.starts_with("unix:")) return listen_unix(after("unix:"));
    if (word.starts_with("tcp:")) return listen_tcp(after("tcp:"));
    throw Error("--serial: '" + word +
                "' is none of stdio, null, pty, file:PATH, unix:PATH, tcp:HOST:PORT");
}

}  // namespace seventeen::app
