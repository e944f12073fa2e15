using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Armada.Testing.Processes;

/// <summary>A real process in a process group of its own; its output is collected, and disposing kills it with all its children.</summary>
public sealed class RunningProcess : IAsyncDisposable
{
    private readonly string program;
    private readonly Process process;
    private readonly ConcurrentQueue<string> lines = new();
    private readonly TaskCompletionSource outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int openStreams = 2;

    private RunningProcess(string program, Process process)
    {
        this.program = program;
        this.process = process;
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
    }

    /// <summary>Its process id, which is also its group's.</summary>
    public int Id => process.Id;

    public bool HasExited => process.HasExited;

    /// <summary>Its exit code; 128 + signal if a signal ended it.</summary>
    public int ExitCode => process.ExitCode;

    /// <summary>Standard output and standard error so far.</summary>
    public string Output
    {
        get
        {
            var text = new StringBuilder();
            foreach (var line in lines) text.AppendLine(line);
            return text.ToString();
        }
    }

    public IReadOnlyCollection<string> Lines => lines;

    public static RunningProcess Start(string program, params string[] arguments) => Start(program, arguments, null);

    /// <summary>Starts a program with additional environment variables.</summary>
    /// <param name="ignored">A signal that it inherits as ignored, as under nohup; others have their default effect, whatever the tests inherited.</param>
    public static RunningProcess Start(
        string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment, Signal? ignored = null)
    {
        string[] ignore = ignored is { } signal ? [string.Create(CultureInfo.InvariantCulture, $"--ignore-signal={(int)signal}")] : [];
        // setsid makes the group, env undoes what a shell's & or nohup lets every child ignore; both exec the program, so the id stays.
        var start = new ProcessStartInfo("setsid", ["env", "--default-signal=HUP,INT,QUIT,TERM", .. ignore, program, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var running = new RunningProcess(program, new Process { StartInfo = start });
        running.process.Start();
        running.process.BeginOutputReadLine();
        running.process.BeginErrorReadLine();
        return running;
    }

    /// <summary>Waits for a line of output that matches a pattern, and returns it.</summary>
    public async Task<string> PrintsAsync(string pattern, TimeSpan? timeout = null)
    {
        string? found = null;
        await Eventually.Holds(
            () => $"'{program}' prints /{pattern}/; it printed:\n{Output}",
            () => (found = lines.FirstOrDefault(line => Regex.IsMatch(line, pattern))) is not null || HasExited,
            timeout);
        if (found is null)
            await outputEnded.Task; // It exited, and its last lines may still be on their way.
        return found ?? lines.FirstOrDefault(line => Regex.IsMatch(line, pattern))
            ?? throw new InvalidOperationException($"The process ended ({ExitCode}) before it printed /{pattern}/:\n{Output}");
    }

    public Task WriteLineAsync(string line) => process.StandardInput.WriteLineAsync(line);

    /// <summary>Sends a signal to the process and its children.</summary>
    public async Task SendAsync(Signal signal)
    {
        if (HasExited && signal is not Signal.Kill) return;
        using var kill = Process.Start(new ProcessStartInfo(
            "kill", [$"-{((int)signal).ToString(CultureInfo.InvariantCulture)}", "--", $"-{Id.ToString(CultureInfo.InvariantCulture)}"])
        {
            RedirectStandardError = true,
        })!;
        await kill.WaitForExitAsync();
    }

    /// <summary>Waits until it has exited and all its output is read; returns the exit code.</summary>
    public async Task<int> ExitsAsync(TimeSpan? timeout = null)
    {
        await Eventually.Happens($"'{program}' ends", process.WaitForExitAsync(), timeout);
        return ExitCode;
    }

    /// <summary>Kills it and its children, also those in groups of their own.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!HasExited)
            process.Kill(entireProcessTree: true);
        await SendAsync(Signal.Kill);
        await process.WaitForExitAsync();
        await outputEnded.Task;
        process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is not null) lines.Enqueue(line);
        else if (Interlocked.Decrement(ref openStreams) == 0) outputEnded.TrySetResult();
    }
}

/// <summary>The signals that tests send; POSIX numbers.</summary>
public enum Signal
{
    HangUp = 1,
    Interrupt = 2,
    Kill = 9,
    Terminate = 15,
    Continue = 18, // As on Linux for x64 and arm64, as the next one.
    Stop = 19,
}
