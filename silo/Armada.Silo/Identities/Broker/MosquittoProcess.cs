using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Armada.Silo.Identities.Broker;

/// <summary>One run of mosquitto, from its start to its end. It ends with the silo, even where the silo is killed.</summary>
/// <remarks>
/// The kernel signals a child when the thread that started it ends, so the thread that calls <see cref="Start"/> must wait for the
/// process itself.
/// </remarks>
internal sealed partial class MosquittoProcess : IDisposable
{
    private const int HangUp = 1;
    private const int Terminate = 15;
    private const string WithParent = "/usr/bin/setpriv";

    // Debian keeps servers where an ordinary user does not look for programs.
    private static readonly string[] Places = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"];

    private readonly Process process;

    private MosquittoProcess(Process process) => this.process = process;

    public int ExitCode => process.ExitCode;

    /// <param name="said">Gets each line that it prints, on a thread of the pool.</param>
    /// <exception cref="Win32Exception">There is no mosquitto.</exception>
    public static MosquittoProcess Start(string configuration, Action<string> said)
    {
        var program = Array.Find(Places, File.Exists) ?? "mosquitto";
        string[] command = File.Exists(WithParent)
            ? [WithParent, "--pdeathsig", "TERM", "--", program, "-c", configuration]
            : [program, "-c", configuration];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true };
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Say(line.Data);
        process.ErrorDataReceived += (_, line) => Say(line.Data);
        try
        {
            process.Start();
        }
        catch
        {
            process.Dispose();
            throw;
        }

        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return new MosquittoProcess(process);

        void Say(string? line)
        {
            if (!string.IsNullOrEmpty(line))
                said(line);
        }
    }

    public void Reload() => Signal(HangUp);

    public void End() => Signal(Terminate);

    public void Kill() => process.Kill();

    /// <summary>Blocks until it ended and all it printed was told.</summary>
    public void Wait() => process.WaitForExit();

    public void Dispose() => process.Dispose();

    // One that has just ended takes no signal; whoever waits for it learns that.
    private void Signal(int signal)
    {
        if (!process.HasExited)
            _ = Send(process.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Send(int process, int signal);
}
