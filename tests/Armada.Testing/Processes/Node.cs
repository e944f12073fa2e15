using System.Globalization;

namespace Armada.Testing.Processes;

/// <summary>Node.js, which tests of the WebSocket endpoints need for its standard WebSocket.</summary>
public static class Node
{
    private const int Oldest = 20;

    private static readonly Task<string?> Problem = FindProblemAsync();

    /// <summary>Starts a script.</summary>
    /// <exception cref="InvalidOperationException">Node.js is missing or too old; the message says what to install.</exception>
    public static async Task<RunningProcess> StartAsync(string script, params string[] arguments)
    {
        if (await Problem is { } problem)
            throw new InvalidOperationException(problem);
        // Version 20 has its WebSocket only behind this option, which later versions know and need no more.
        return RunningProcess.Start(
            "node", ["--experimental-websocket", script, .. arguments], new Dictionary<string, string> { ["NODE_NO_WARNINGS"] = "1" });
    }

    private static async Task<string?> FindProblemAsync()
    {
        await using var node = RunningProcess.Start("node", "--version");
        var exit = await node.ExitsAsync(TimeSpan.FromSeconds(30));
        var said = node.Lines.FirstOrDefault() ?? "";
        if (exit == 0 && said is ['v', .. var version] && int.TryParse(version.Split('.')[0], CultureInfo.InvariantCulture, out var major))
            return major >= Oldest ? null : $"Node.js is {said}, and {Oldest} is the oldest that has a WebSocket; install that or a newer one from https://nodejs.org";
        return $"Node.js is missing ('node --version' ended with {exit}: {said}); install version {Oldest} or newer: 'apt-get install nodejs', or https://nodejs.org";
    }
}
