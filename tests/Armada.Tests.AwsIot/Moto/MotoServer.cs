using System.Diagnostics;
using Armada.Testing.Network;
using Armada.Testing.Processes;

namespace Armada.Tests.AwsIot.Moto;

/// <summary>An emulated account, in a process of its own on a free loopback port; where there is no moto, there is none.</summary>
public sealed class MotoServer : IAsyncLifetime
{
    private static readonly string Script = Path.Combine(AppContext.BaseDirectory, "Moto", "moto_as_aws.py");
    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(60);

    private RunningProcess? process;
    private int regions;

    /// <summary>Where it answers.</summary>
    public Uri Address { get; } = new($"http://127.0.0.1:{FreePort.Next()}");

    /// <summary>Skips the test where moto is not at hand.</summary>
    public void Require() => Skip.If(process is null, "python3 has no moto.server here: pip install 'moto[server]'");

    /// <summary>A region in which nothing is yet.</summary>
    public string NextRegion()
    {
        Require();
        return $"eu-test-{Interlocked.Increment(ref regions)}";
    }

    public async Task InitializeAsync()
    {
        if (await FindPythonAsync() is not { } python)
            return;
        process = RunningProcess.Start(python, Script, $"{Address.Port}");
        await process.PrintsAsync("Running on", StartsWithin);
    }

    public async Task DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
    }

    private static async Task<string?> FindPythonAsync()
    {
        foreach (var python in (string[])["python3", "python"])
        {
            if (await SucceedsAsync(python, "-c", "import moto.server"))
                return python;
        }

        return null;
    }

    private static async Task<bool> SucceedsAsync(string program, params string[] arguments)
    {
        try
        {
            using var calls = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await Task.WhenAll(calls.StandardError.ReadToEndAsync(), calls.StandardOutput.ReadToEndAsync(), calls.WaitForExitAsync());
            return calls.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // There is no such program.
        }
    }
}

/// <summary>Tests that share the emulated account.</summary>
[CollectionDefinition(Name)]
public sealed class MotoTests : ICollectionFixture<MotoServer>
{
    public const string Name = "moto";
}
