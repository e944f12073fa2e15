using System.Collections.Concurrent;
using Amazon;
using Amazon.IoT;
using Amazon.IotData;
using Amazon.Runtime;
using Amazon.Runtime.Internal;

namespace Armada.Silo.AwsIot;

/// <summary>The client of one account and region, and its call rates.</summary>
internal sealed class AwsAccount : IDisposable
{
    private readonly ConcurrentDictionary<string, CallRate> rates = new(StringComparer.Ordinal);

    public AwsAccount(AwsIotSettings settings, TimeProvider time, AWSCredentials? credentials = null)
    {
        (Settings, Time, Credentials) = (settings, time, credentials);
        Client = AwsClients.Registry(settings, credentials);
    }

    public AwsIotSettings Settings { get; }
    public TimeProvider Time { get; }

    /// <summary>Null: the SDK's default chain.</summary>
    public AWSCredentials? Credentials { get; }
    public AmazonIoTClient Client { get; }

    public CallRate RateOf(string operation) =>
        rates.GetOrAdd(operation, static (_, account) => new CallRate(account.Settings.CallsPerSecond, account.Time), this);

    public CallSequence Begin(CancellationToken cancellation) => new(this, isUrgent: false, cancellation);

    public CallSequence BeginUrgent(CancellationToken cancellation) => new(this, isUrgent: true, cancellation);

    public void Dispose() => Client.Dispose();
}

/// <summary>Creates the SDK's clients without their own retries: only <see cref="CallSequence"/> retries.</summary>
internal static class AwsClients
{
    public static AmazonIoTClient Registry(AwsIotSettings settings, AWSCredentials? credentials)
    {
        var config = SetUp(new AmazonIoTConfig(), settings);
        return credentials is null ? new RegistryClient(config) : new RegistryClient(credentials, config);
    }

    public static AmazonIotDataClient Data(AwsIotSettings settings, string host, AWSCredentials? credentials)
    {
        var config = SetUp(new AmazonIotDataConfig(), settings);
        if (settings.Endpoint is null)
            config.ServiceURL = $"https://{host}";
        if (settings.Region is { } region)
            config.AuthenticationRegion = region;
        return credentials is null ? new AmazonIotDataClient(config) : new AmazonIotDataClient(credentials, config);
    }

    private static T SetUp<T>(T config, AwsIotSettings settings) where T : ClientConfig
    {
        config.MaxErrorRetry = 0;
        config.Timeout = settings.CallTimeout;
        if (settings.Endpoint is { } endpoint)
        {
            config.ServiceURL = endpoint.AbsoluteUri;
            config.AuthenticationRegion = settings.Region;
        }
        else if (settings.Region is { } region)
        {
            config.RegionEndpoint = RegionEndpoint.GetBySystemName(region);
        }

        return config;
    }
}

/// <summary>
/// The SDK's client without its retry handler, which silently repeats a call whose answer breaks off even with zero retries configured: a
/// certificate would be created twice unnoticed.
/// </summary>
internal sealed class RegistryClient : AmazonIoTClient
{
    public RegistryClient(AmazonIoTConfig config) : base(config)
    {
    }

    public RegistryClient(AWSCredentials credentials, AmazonIoTConfig config) : base(credentials, config)
    {
    }

    protected override void CustomizeRuntimePipeline(RuntimePipeline pipeline)
    {
        base.CustomizeRuntimePipeline(pipeline);
        pipeline.RemoveHandler<RetryHandler>();
    }
}

/// <summary>A fair token bucket; after a pause, half a second's calls may burst.</summary>
internal sealed class CallRate(double perSecond, TimeProvider time)
{
    private readonly TimeSpan interval = TimeSpan.FromSeconds(1 / perSecond);
    private readonly TimeSpan burst = TimeSpan.FromSeconds((Math.Max(1, Math.Floor(perSecond / 2)) - 1) / perSecond);
    private readonly Lock sync = new();
    private DateTimeOffset next = DateTimeOffset.MinValue;

    public async ValueTask<TimeSpan> AcquireAsync(CancellationToken cancellation)
    {
        var wait = Reserve();
        if (wait <= TimeSpan.Zero)
            return TimeSpan.Zero;
        await Task.Delay(wait, time, cancellation);
        return wait;
    }

    private TimeSpan Reserve()
    {
        lock (sync)
        {
            var now = time.GetUtcNow();
            var slot = next > now - burst ? next : now - burst;
            next = slot + interval;
            return slot - now;
        }
    }
}
