using Armada.Emulators.Arms;
using Armada.Emulators.Bus;

namespace Armada.Emulators.Command;

/// <summary>Runs one emulated arm until it is told to end.</summary>
internal static class So101Command
{
    private const int Failed = 1;

    public static async Task<int> RunAsync(So101Options options, CancellationToken cancellation)
    {
        try
        {
            await ServeAsync(options, cancellation);
            return 0;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return 0;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return Failed;
        }
    }

    private static async Task ServeAsync(So101Options options, CancellationToken cancellation)
    {
        var arm = EmulatedArm.So101(options.Role, options.Hand);
        using var bus = new EmulatedBus(arm, options.Link, options.WireTiming);
        await Console.Out.WriteLineAsync($"ready {bus.Port}");
        await bus.Completion.WaitAsync(cancellation);
    }
}
