using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Armada.Up;

/// <summary>One program of the job, in a session of its own so that Ctrl-C in a terminal reaches only the job itself.</summary>
internal sealed partial class ChildProcess : IAsyncDisposable
{
    private const int SigTerm = 15;

    // A shell's exit code for "ended by signal n" is 128 + n; .NET reports the same.
    private const int SignalExitCodeBase = 128;

    private static readonly TimeSpan ExitTimeout = TimeSpan.FromSeconds(5);

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly string logFile;
    private readonly Lock sync = new();
    private readonly List<(string Prefix, TaskCompletionSource Printed)> awaited = [];
    private bool ending;

    private ChildProcess(string name, Process process, string logFile)
    {
        Name = name;
        this.process = process;
        this.logFile = logFile;
        log = new StreamWriter(logFile) { AutoFlush = true };
    }

    public string Name { get; }

    /// <summary>Whether it exited without being asked to.</summary>
    public bool ExitedUnexpectedly => !ending && process.HasExited;

    /// <summary>Starts a program whose output goes to <c>name.log</c> in a folder.</summary>
    public static ChildProcess Start(string name, string logFolder, params IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("setsid", command)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        var child = new ChildProcess(name, new Process { StartInfo = start }, Path.Combine(logFolder, name + ".log"));
        child.process.OutputDataReceived += (_, line) => child.OnOutput(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.OnOutput(line.Data);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for a line of output that begins with a text.</summary>
    /// <exception cref="ChildProcessException">The program exited, or did not print the line in time.</exception>
    public async Task WaitForLineAsync(string prefix, TimeSpan timeout, CancellationToken cancellation)
    {
        var printed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (sync)
            awaited.Add((prefix, printed));
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(timeout);
        if (await Task.WhenAny(printed.Task, process.WaitForExitAsync(limit.Token)) == printed.Task)
            return;
        cancellation.ThrowIfCancellationRequested();
        throw process.HasExited ? ExitError() : new ChildProcessException($"{Name} did not print '{prefix}' within {timeout.TotalSeconds:0} s", null);
    }

    /// <summary>Says how the program exited and what it printed last.</summary>
    public ChildProcessException ExitError()
    {
        process.WaitForExit(); // Without a timeout this also waits for the last line of output.
        if (process.ExitCode > SignalExitCodeBase)
            return new ChildProcessException($"{Name} was killed by signal {process.ExitCode - SignalExitCodeBase}", process.ExitCode);
        var lastLines = File.ReadLines(logFile).Where(line => line.Length > 0).TakeLast(3);
        return new ChildProcessException($"{Name} exited with code {process.ExitCode}: {string.Join(" | ", lastLines)}", process.ExitCode);
    }

    /// <summary>Asks the program to exit, and kills it after five seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        ending = true;
        if (!process.HasExited)
        {
            _ = Kill(process.Id, SigTerm); // Fails only where the process is gone already.
            using var limit = new CancellationTokenSource(ExitTimeout);
            try
            {
                await process.WaitForExitAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"{Name} did not exit within {ExitTimeout.TotalSeconds:0} s and was killed");
                process.Kill(entireProcessTree: true);
            }
        }

        await process.WaitForExitAsync(CancellationToken.None); // Without a token this also waits for the last line of output.
        process.Dispose();
        lock (sync)
            log.Dispose();
    }

    private void OnOutput(string? line)
    {
        if (line is null)
            return;
        lock (sync)
        {
            log.WriteLine(line);
            foreach (var (_, printed) in awaited.Where(wait => line.StartsWith(wait.Prefix, StringComparison.Ordinal)))
                printed.TrySetResult();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}

/// <summary>A program of the job exited by itself, or was not ready in time; the message names it.</summary>
internal sealed class ChildProcessException(string message, int? exitCode) : Exception(message)
{
    public int? ExitCode { get; } = exitCode;
}
