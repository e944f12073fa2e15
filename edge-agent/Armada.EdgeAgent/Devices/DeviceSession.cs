using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Armada.Mqtt;

namespace Armada.EdgeAgent.Devices;

/// <summary>Keeps one arm running on a thread of its own: opens the port, runs the loop, and begins again when the cable was pulled,
/// the arm was not ready or the loop failed.</summary>
internal sealed partial class DeviceSession(Device device, ISerialPorts ports, KnownArms arms, IArmLoop loop, ILogger<DeviceSession> logger)
{
    private const int Baud = 1_000_000;

    // Jittered, so that a hub full of arms does not come back in step.
    private readonly BackOff backOff = new(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(1), Random.Shared.NextDouble);
    private ISerialLink? opened;
    private string? problem;
    private volatile FeetechBus? bus;

    public string Name => device.Name;

    /// <summary>Opens the port before it runs, so that a wrong one is reported at start-up.</summary>
    /// <exception cref="SerialOpenException">It cannot be opened; the message says why and what to do.</exception>
    public void Open() => opened = ports.Open(device.Settings.Port, Baud);

    public ValueTask CloseAsync()
    {
        Interlocked.Exchange(ref opened, null)?.Dispose();
        return default;
    }

    /// <summary>Runs until canceled; completes when the arm is left as it is configured and its port closed.</summary>
    public Task RunAsync(CancellationToken cancellation)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Run(ended, cancellation)) { Name = device.Name, IsBackground = true }.Start();
        return ended.Task;
    }

    private void Run(TaskCompletionSource ended, CancellationToken cancellation)
    {
        try
        {
            while (!cancellation.IsCancellationRequested)
            {
                RunOnce(cancellation);
                device.BusCommands.RefuseAll($"the arm of '{device.Name}' is not running: {problem ?? "the agent is stopping"}");
                cancellation.WaitHandle.WaitOne(backOff.Next());
            }

            ended.SetResult();
        }
#pragma warning disable CA1031 // The top of the thread: its fault is the task's.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            ended.SetException(fault);
        }
    }

    private void RunOnce(CancellationToken cancellation)
    {
        try
        {
            using var link = Interlocked.Exchange(ref opened, null) ?? ports.Open(arms.PortOf(device.Settings), Baud);
            bus = new FeetechBus(link) { CountedBefore = bus?.Counters ?? default };
            device.Counters.Others = Counts;
            device.Status.SetFault("port", null);
            loop.Run(bus, OnRunning, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            LogEnded(device.Name);
        }
        catch (SerialOpenException e)
        {
            arms.Miss(device.Name);
            Report("port", e.Message, DeviceState.Missing);
        }
        catch (SerialLostException e)
        {
            Report("port", e.Message);
        }
        catch (ArmNotReadyException e)
        {
            Report("arm", e.Message);
        }
        catch (Exception e)
        {
            device.Counters.LoopFault();
            LogFault(e, device.Name);
            Report("arm", $"internal error: {e.Message}");
        }
        finally
        {
            arms.Leave(device.Name);
        }
    }

    private void OnRunning()
    {
        device.Status.SetFault("arm", null);
        backOff.Reset();
        if (problem is not null)
            device.Counters.Reopen();
        problem = null;
        LogRunning(device.Name, bus!.Port);
    }

    private void Report(string cause, string text, DeviceState state = DeviceState.Faulted)
    {
        device.Status.SetFault(cause, text);
        device.Status.SetState(state);
        if (problem != text)
            LogProblem(device.Name, text);
        problem = text;
    }

    private IEnumerable<KeyValuePair<string, long>> Counts()
    {
        var counts = bus!.Counters;
        yield return new("bus.requests", counts.Requests);
        yield return new("bus.timeouts", counts.Timeouts);
        yield return new("bus.corrupt", counts.Corrupt);
        yield return new("bus.retries", counts.Retries);
        yield return new("bus.stale", counts.StaleAnswers);
        if (!device.Kind.IsLeader)
            yield return new("lost", device.Inbox.Lost);
    }

    [LoggerMessage(3000, LogLevel.Information, "{Device}: running on {Port}")]
    private partial void LogRunning(string device, string port);

    [LoggerMessage(3001, LogLevel.Warning, "{Device}: not running, retrying: {Problem}")]
    private partial void LogProblem(string device, string problem);

    [LoggerMessage(3002, LogLevel.Error, "{Device}: its loop failed; its torque is off, and the loop starts again")]
    private partial void LogFault(Exception fault, string device);

    [LoggerMessage(3003, LogLevel.Information, "{Device}: stopped")]
    private partial void LogEnded(string device);
}

internal interface IArmLoop
{
    /// <summary>Starts the arm and runs it on the calling thread until it is canceled, and then leaves it as it is configured; torque is off
    /// when it throws anything else.</summary>
    /// <param name="running">Called when the arm has started.</param>
    /// <exception cref="Armada.Devices.Serial.SerialLostException">The port is gone.</exception>
    /// <exception cref="ArmNotReadyException">The arm cannot be run as it is.</exception>
    /// <exception cref="OperationCanceledException">It was canceled.</exception>
    void Run(FeetechBus bus, Action running, CancellationToken cancellation);
}

/// <summary>An arm that cannot be run as it is; the message names the reason and what to do. Tried again until it can.</summary>
internal sealed class ArmNotReadyException(string message) : Exception(message);
