using Armada.Devices.Calibration;
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
        if (options.CalibrationOut is { } file)
            CalibrationFile.Write(file, JointFit.Calibration(options.Role));
        var arm = EmulatedArm.So101(options.Role, options.Hand);
        using var bus = new EmulatedBus(arm, options.Link, options.WireTiming);
        var lines = new ControlLines(bus);
        using var socket = options.Control is { } path ? new ControlSocket(path, lines) : null;
        await Console.Out.WriteLineAsync($"ready {bus.Port}");

        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        List<Task> tasks = [bus.Completion.WaitAsync(ending.Token)];
        if (socket is not null)
            tasks.Add(socket.RunAsync(ending.Token));
        if (Console.IsInputRedirected || socket is null)
            tasks.Add(ObeyInputAsync(lines, ending.Token));
        try
        {
            await (await Task.WhenAny(tasks));
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(tasks).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes commands from standard input; its end is no reason to end.</summary>
    private static async Task ObeyInputAsync(ControlLines lines, CancellationToken cancellation)
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        // A read of standard input cannot be called back: it ends with the program, and nobody waits for it.
        await Task.Run(() => ControlSocket.ConverseAsync(lines, input, Console.Out, cancellation), cancellation).WaitAsync(cancellation);
        await Task.Delay(Timeout.Infinite, cancellation);
    }
}
