using System.Diagnostics;

namespace Armada.Up.Children;

/// <summary>One program started by the main job, in a session of its own so that a terminal's Ctrl-C reaches only the job itself.</summary>
internal sealed class ChildProcess : IAsyncDisposable
{
    // What the system adds to a signal's number to make an exit code of it.
    private const int SignalBase = 128;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Process process;
    private readonly StreamWriter log;
    private readonly Lock gate = new();
    private readonly List<(string Prefix, TaskCompletionSource<string> Seen)> awaited = [];
    private bool ending;

    private ChildProcess(string name, Process process, string logFile)
    {
        Name = name;
        LogFile = logFile;
        this.process = process;
        log = new StreamWriter(logFile) { AutoFlush = true };
    }

    /// <summary>What the program is called in messages.</summary>
    public string Name { get; }

    /// <summary>Everything it printed.</summary>
    public string LogFile { get; }

    /// <summary>Its process id.</summary>
    public int Id => process.Id;

    /// <summary>Whether it ended without being asked to.</summary>
    public bool Died => !ending && process.HasExited;

    /// <summary>Starts a program.</summary>
    /// <param name="name">For messages and the log file.</param>
    /// <param name="logFolder">Where its output goes.</param>
    /// <param name="command">Program and arguments.</param>
    public static ChildProcess Start(string name, string logFolder, params IEnumerable<string> command)
    {
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in command)
            start.ArgumentList.Add(argument);
        var child = new ChildProcess(name, new Process { StartInfo = start }, Path.Combine(logFolder, name + ".log"));
        child.process.OutputDataReceived += (_, line) => child.Take(line.Data);
        child.process.ErrorDataReceived += (_, line) => child.Take(line.Data);
        child.process.Start();
        child.process.BeginOutputReadLine();
        child.process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Waits for a line of output that begins with a text.</summary>
    /// <exception cref="ChildProcessException">The program ended, or did not say it in time.</exception>
    public async Task<string> LineAsync(string prefix, TimeSpan timeout, CancellationToken cancellation)
    {
        var seen = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
            awaited.Add((prefix, seen));
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        both.CancelAfter(timeout);
        var exited = process.WaitForExitAsync(both.Token);
        if (await Task.WhenAny(seen.Task, exited) == seen.Task)
            return await seen.Task;
        cancellation.ThrowIfCancellationRequested();
        throw process.HasExited ? Obituary() : new ChildProcessException($"{Name} did not print '{prefix}' within {timeout.TotalSeconds:0} s", null);
    }

    /// <summary>What to tell a person about a program that ended by itself.</summary>
    public ChildProcessException Obituary()
    {
        // Also waits for the last line of output.
        process.WaitForExit();
        if (process.ExitCode > SignalBase)
            return new ChildProcessException($"{Name} was killed by signal {process.ExitCode - SignalBase}", process.ExitCode);
        var last = File.ReadLines(LogFile).Where(line => line.Length > 0).TakeLast(3);
        return new ChildProcessException($"{Name} ended with exit code {process.ExitCode}: {string.Join(" | ", last)}", process.ExitCode);
    }

    /// <summary>Asks the program to end, waits, and kills it where it does not.</summary>
    public async ValueTask DisposeAsync()
    {
        ending = true;
        if (!process.HasExited)
        {
            Signal.Terminate(process.Id);
            using var patience = new CancellationTokenSource(Patience);
            try
            {
                await process.WaitForExitAsync(patience.Token);
            }
            catch (OperationCanceledException)
            {
                await Console.Error.WriteLineAsync($"{Name} did not end within {Patience.TotalSeconds:0} s and was killed");
                process.Kill(entireProcessTree: true);
            }
        }

        // Without a token this also waits for the last line of output.
        await process.WaitForExitAsync(CancellationToken.None);
        process.Dispose();
        lock (gate)
            log.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        lock (gate)
        {
            log.WriteLine(line);
            foreach (var (prefix, seen) in awaited)
            {
                if (line.StartsWith(prefix, StringComparison.Ordinal))
                    seen.TrySetResult(line);
            }
        }
    }
}

/// <summary>A program of the job ended when it should not have, or was not ready in time.</summary>
/// <param name="message">Names the program and what it last printed.</param>
/// <param name="exitCode">How it ended; null where it lives.</param>
internal sealed class ChildProcessException(string message, int? exitCode) : Exception(message)
{
    /// <summary>How it ended; null where it lives.</summary>
    public int? ExitCode { get; } = exitCode;
}
