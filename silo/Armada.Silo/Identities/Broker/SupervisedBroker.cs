using System.ComponentModel;
using System.Net;
using System.Net.Sockets;
using Armada.Mqtt;
using Armada.Silo.Engine;
using Armada.Silo.Options;
using Armada.Silo.Store;

namespace Armada.Silo.Identities.Broker;

/// <summary>Makes one of the silo's links to a broker.</summary>
internal delegate IMqttLink LinkMaker(LinkOptions options);

/// <summary>
/// mosquitto, as the silo runs it: devices come in by certificate, each as itself; it is started again where it ends, and ends with the
/// silo.
/// </summary>
internal sealed partial class SupervisedBroker : IBrokerAdmin, IDisposable
{
    private const string Reloading = "Reloading config.";

    private static readonly TimeSpan StartsWithin = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ReloadsWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ReloadAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan EndsWithin = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan RestartsAfter = TimeSpan.FromMilliseconds(500);

    // So long the silo keeps a cut device's place: whoever was just coming in with a certificate that was good then is cut as well.
    private static readonly TimeSpan PlaceKept = TimeSpan.FromMilliseconds(300);

    private readonly SupervisedBrokerOptions settings;
    private readonly BrokerFolder folder;
    private readonly LinkMaker makeLink;
    private readonly TimeProvider time;
    private readonly ILogger<SupervisedBroker> logger;
    private readonly SemaphoreSlim reloading = new(1);
    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock running = new();
    private readonly OncePerSecond said;
    private MosquittoProcess? process;
    private TaskCompletionSource reloaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Thread? thread;
    private volatile string lastLine = "";
    private volatile bool wasUp; // Before that, its end is the start's failure, and told as that.

    public SupervisedBroker(
        SupervisedBrokerOptions settings, BrokerFolder folder, LinkOptions link, LinkMaker makeLink, TimeProvider time, ILogger<SupervisedBroker> logger)
    {
        (this.settings, this.folder, this.makeLink, this.time, this.logger) = (settings, folder, makeLink, time, logger);
        said = new OncePerSecond(time);
        InnerPort = FreePort();
        Link = link with
        {
            Host = IPAddress.Loopback.ToString(),
            Port = InnerPort,
            Tls = new LinkTls(folder.InnerCertificate, folder.InnerCertificate, folder.InnerKey),
        };
    }

    /// <summary>Port on loopback where the silo itself comes in.</summary>
    public int InnerPort { get; }

    public LinkOptions Link { get; }

    public string Host => settings.Hosts[0];

    public int Port => settings.Port;

    /// <summary>Starts it, and waits until it takes connections.</summary>
    /// <exception cref="SiloOptionsException">mosquitto is not there, or cannot listen; the message says why.</exception>
    public async Task StartAsync(CancellationToken cancellation)
    {
        folder.Prepare(InnerPort);
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        thread = new Thread(() => Supervise(first)) { IsBackground = true, Name = "mosquitto" };
        thread.Start();
        await first.Task;
        await AnsweringAsync(cancellation);
        wasUp = true;
        LogListening(Host, Port);
    }

    public async Task StopAsync()
    {
        await ending.CancelAsync();
        lock (running)
            process?.End();
        if (thread is null)
            return;
        try
        {
            await ended.Task.WaitAsync(EndsWithin, time);
        }
        catch (TimeoutException)
        {
            lock (running)
                process?.Kill();
            await ended.Task;
        }
    }

    public async Task RefreshAsync(IEnumerable<Board> boards, CancellationToken cancellation)
    {
        using var pass = await reloading.EnterAsync(cancellation);
        try
        {
            folder.RenewServer();
            folder.WriteAccess(boards);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new NotStoredException($"the broker's files could not be stored: {refused.Message}", refused);
        }

        Task seen;
        lock (running)
        {
            if (process is null)
                return; // It reads them when it starts.
            reloaded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            seen = reloaded.Task;
        }

        // A signal that comes while mosquitto is still handling the one before is lost.
        var begun = time.GetTimestamp();
        while (!seen.IsCompleted && time.GetElapsedTime(begun) < ReloadsWithin)
        {
            lock (running)
                process?.Reload();
            await Task.WhenAny(seen, Task.Delay(ReloadAgain, time, cancellation));
        }

        cancellation.ThrowIfCancellationRequested();
        if (!seen.IsCompleted)
            throw new NotStoredException($"the broker did not read its files again within {ReloadsWithin.TotalSeconds:0} s.");
    }

    public async Task CutAsync(string device, CancellationToken cancellation)
    {
        lock (running)
        {
            if (process is null)
                return; // Nobody is connected.
        }

        // A client id has one connection: whoever comes in with it ends the one before. Only the silo may come in under another's.
        var taken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var place = makeLink(Link with { ClientId = device, Will = null });
        place.StateChanged += state =>
        {
            if (state == LinkState.Up)
                taken.TrySetResult();
        };
        await place.StartAsync(cancellation);
        try
        {
            await taken.Task.WaitAsync(ReloadsWithin, time, cancellation);
        }
        catch (TimeoutException late)
        {
            throw new NotStoredException($"the broker did not cut {device} within {ReloadsWithin.TotalSeconds:0} s.", late);
        }

        await Task.Delay(PlaceKept, time, cancellation);
    }

    public void Dispose()
    {
        process?.Dispose();
        ending.Dispose();
        reloading.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>The thread that starts mosquitto and waits for its end, again and again.</summary>
    private void Supervise(TaskCompletionSource first)
    {
        try
        {
            while (!ending.IsCancellationRequested)
            {
                try
                {
                    RunOnce(first);
                }
                catch (Exception fault) when (first.Task.IsCompletedSuccessfully)
                {
                    LogGone(fault);
                }

                ending.Token.WaitHandle.WaitOne(RestartsAfter);
            }
        }
        catch (Exception missing) when (missing is Win32Exception or InvalidOperationException)
        {
            var refused = new SiloOptionsException($"--broker needs mosquitto, which cannot be started ({missing.Message}): install it, such as with apt-get install mosquitto", missing);
            first.SetException(refused);
        }
        finally
        {
            ended.SetResult();
        }
    }

    private void RunOnce(TaskCompletionSource first)
    {
        using var run = MosquittoProcess.Start(folder.ConfigurationFile, Hear);
        lock (running)
            process = run;
        first.TrySetResult();
        if (ending.IsCancellationRequested)
            run.End(); // It was asked to before it was there.
        run.Wait();
        lock (running)
            process = null;
        reloaded.TrySetResult(); // A broker that starts again reads everything.
        if (wasUp && !ending.IsCancellationRequested)
            LogEnded(run.ExitCode, lastLine);
    }

    private async Task AnsweringAsync(CancellationToken cancellation)
    {
        var begun = time.GetTimestamp();
        while (!await AnswersAsync(cancellation))
        {
            bool isGone;
            lock (running)
                isGone = process is null;
            if (isGone || time.GetElapsedTime(begun) > StartsWithin)
            {
                await StopAsync();
                throw new SiloOptionsException($"--broker {settings.Port}: mosquitto does not take connections: {lastLine}");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellation);
        }
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellation)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, InnerPort, cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    // Each line begins with the seconds since 1970.
    private void Hear(string line)
    {
        var text = line[(line.IndexOf(": ", StringComparison.Ordinal) is >= 0 and var colon ? colon + 2 : 0)..];
        if (text == Reloading)
        {
            lock (running)
                reloaded.TrySetResult();
            return;
        }

        lastLine = text;
        lock (running)
        {
            if (!said.Count(out var lines))
                return;
            LogSaid(text, lines - 1);
        }
    }

    [LoggerMessage(1720, LogLevel.Information, "The broker accepts devices with certificates at {Host}:{Port}")]
    private partial void LogListening(string host, int port);

    [LoggerMessage(1721, LogLevel.Information, "mosquitto: {Line} ({Others} others before it)")]
    private partial void LogSaid(string line, long others);

    [LoggerMessage(1722, LogLevel.Warning, "mosquitto ended with exit code {ExitCode} and is restarted; its last line: {Line}")]
    private partial void LogEnded(int exitCode, string line);

    [LoggerMessage(1723, LogLevel.Error, "mosquitto could not be restarted; it is tried again")]
    private partial void LogGone(Exception reason);
}
