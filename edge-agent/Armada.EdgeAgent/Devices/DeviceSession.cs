using Armada.Devices.Serial;
using Armada.Devices.ServoBus;
using Microsoft.Extensions.Logging;

namespace Armada.EdgeAgent.Devices;

/// <summary>
/// Keeps one arm running on a thread of its own: opens the port, runs the loop, and begins again when the cable was pulled, the
/// arm was not fit or the loop failed.
/// </summary>
internal sealed partial class DeviceSession(Device device, ISerialPorts ports, IArmLoop loop, ILogger<DeviceSession> logger)
{
    private const int Baud = 1_000_000;
    private static readonly TimeSpan LeastWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    private ISerialLink? opened;
    private TimeSpan wait = LeastWait;
    private string? complaint;
    private BusCounts? counts;

    /// <summary>Opens the port the first time, so that a wrong one is told at start-up.</summary>
    /// <exception cref="SerialOpenException">It cannot be opened; the message says why and what to do.</exception>
    public void Open() => opened = ports.Open(device.Settings.Port, Baud);

    /// <summary>Closes a port that was opened and never run.</summary>
    public void Close() => Interlocked.Exchange(ref opened, null)?.Dispose();

    /// <summary>Runs until canceled; completes when the arm is without torque and its port closed.</summary>
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
                device.Jobs.RefuseAll($"the arm of '{device.Name}' is not running: {complaint ?? "the agent ends"}");
                // Jittered between half and whole, so that a hub full of arms does not come back in step.
                cancellation.WaitHandle.WaitOne(wait * (0.5 + (Random.Shared.NextDouble() / 2)));
                wait = wait * 2 < LongestWait ? wait * 2 : LongestWait;
            }
        }
        finally
        {
            Close();
            ended.SetResult();
        }
    }

    private void RunOnce(CancellationToken cancellation)
    {
        try
        {
            using var link = Interlocked.Exchange(ref opened, null) ?? ports.Open(device.Settings.Port, Baud);
            var bus = new FeetechBus(link);
            counts = new BusCounts(bus, counts);
            device.Counters.Others = Counts;
            device.Status.Fault("port", null);
            loop.Run(bus, OnRunning, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            LogEnded(device.Name);
        }
        catch (Exception e) when (e is SerialOpenException or SerialLostException)
        {
            Complain("port", e.Message);
        }
        catch (ArmNotReadyException e)
        {
            Complain("arm", e.Message);
        }
        catch (Exception e)
        {
            device.Counters.LoopFault();
            LogFault(device.Name, e);
            Complain("arm", $"internal error: {e.Message}");
        }
    }

    private void OnRunning()
    {
        device.Status.Fault("arm", null);
        wait = LeastWait;
        if (complaint is not null)
            device.Counters.Reopen();
        complaint = null;
        LogRunning(device.Name, device.Settings.Port);
    }

    private void Complain(string cause, string text)
    {
        device.Status.Fault(cause, text);
        device.Status.Enter(DeviceState.Faulted);
        if (complaint != text)
            LogComplaint(device.Name, text);
        complaint = text;
    }

    private IEnumerable<KeyValuePair<string, long>> Counts() =>
        device.Role.IsLeader ? counts!.Read() : counts!.Read().Append(new("lost", device.Inbox.Lost));
}
