using Amazon.Runtime;
using Armada.Silo.AwsIot;
using Armada.Testing;
using Armada.Testing.Brokers;
using Armada.Testing.Logging;

namespace Armada.Tests.AwsIot.Moto;

/// <summary>A region of the emulated account with nothing in it, and silos that use it as their registry.</summary>
internal sealed class AwsRig : IAsyncDisposable
{
    private static readonly BasicAWSCredentials Credentials = new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG");

    private readonly TempFolder folder = new();
    private readonly List<IDisposable> parts = [];
    private readonly FailOnLoggedErrors logs;

    public AwsRig(MotoServer moto, FailOnLoggedErrors logs)
    {
        this.logs = logs;
        using var authority = new TestCertificates(folder);
        Way = new FaultyWay(moto.Address);
        Settings = new AwsIotSettings
        {
            Region = moto.NextRegion(),
            Endpoint = Way.Address,
            RootCaFile = authority.CaFile,
            CallsPerSecond = 10_000,
            MinRetryDelay = TimeSpan.FromMilliseconds(1),
            RetryFor = TimeSpan.FromSeconds(5),
        };
        var past = AwsClients.Registry(Settings with { Endpoint = moto.Address }, Credentials);
        parts.Add(past);
        View = new AccountView(past);
        Registry = Start();
    }

    /// <summary>How silos use it.</summary>
    public AwsIotSettings Settings { get; }

    /// <summary>The way from silos to the account.</summary>
    public FaultyWay Way { get; }

    /// <summary>What is in the account.</summary>
    public AccountView View { get; }

    /// <summary>The first silo's registry.</summary>
    public AwsDeviceRegistry Registry { get; }

    /// <summary>Who the silos are to AWS.</summary>
    public static AWSCredentials Who => Credentials;

    /// <summary>The registry of another silo, or of one that was started again.</summary>
    public AwsDeviceRegistry Start(Func<AwsIotSettings, AwsIotSettings>? change = null, TimeProvider? time = null)
    {
        var account = new AwsAccount(change?.Invoke(Settings) ?? Settings, time ?? TimeProvider.System, Credentials);
        var setup = new AccountSetup(account.Settings);
        parts.AddRange([account, setup]);
        return new AwsDeviceRegistry(account, setup, new BrokerEndpoint(account), logs.For<AwsDeviceRegistry>());
    }

    /// <summary>The account as a silo uses it.</summary>
    public AwsAccount Account(Func<AwsIotSettings, AwsIotSettings>? change = null)
    {
        var account = new AwsAccount(change?.Invoke(Settings) ?? Settings, TimeProvider.System, Credentials);
        parts.Add(account);
        return account;
    }

    public async ValueTask DisposeAsync()
    {
        parts.ForEach(part => part.Dispose());
        await Way.DisposeAsync();
        folder.Dispose();
    }
}
