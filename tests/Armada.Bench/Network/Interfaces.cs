using System.Diagnostics;

namespace Armada.Bench.Network;

/// <summary>Network interfaces and namespaces by iproute2 and util-linux.</summary>
internal static class Interfaces
{
    /// <summary>Why there can be no links here; null where there can.</summary>
    public static string? Problem() =>
        !OperatingSystem.IsLinux() ? "needs Linux"
        : !Environment.IsPrivilegedProcess ? "needs root, to make network interfaces"
        : !File.Exists(TunDevice.Path) ? $"needs TUN, but there is no {TunDevice.Path} ('modprobe tun')"
        : Array.Find(["ip", "unshare", "nsenter"], program => !IsInstalled(program)) is { } missing ? $"needs '{missing}' (apt-get install iproute2 util-linux)"
        : null;

    /// <summary>Gives an interface its address and brings it up.</summary>
    /// <param name="inside">Arguments of nsenter; empty for this namespace.</param>
    public static async Task UpAsync(string name, string address, string[] inside)
    {
        await RunIpAsync(inside, "addr", "add", address, "dev", name);
        await RunIpAsync(inside, "link", "set", name, "up");
    }

    /// <exception cref="InvalidOperationException">It failed; with what it said.</exception>
    public static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
        var said = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"'{program} {string.Join(' ', arguments)}' failed: {said.Trim()}");
    }

    private static Task RunIpAsync(string[] inside, params string[] arguments) =>
        inside.Length == 0 ? RunAsync("ip", arguments) : RunAsync("nsenter", [.. inside, "ip", .. arguments]);

    private static bool IsInstalled(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, program)));
}
