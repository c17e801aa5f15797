@main
struct Main {
    static func main() {
        print("acs-gateway")
    }
}
