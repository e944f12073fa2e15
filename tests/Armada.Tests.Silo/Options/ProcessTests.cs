using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Armada.Testing;
using Armada.Testing.Network;
using Armada.Testing.Processes;
using Armada.Tests.Silo.Support;

namespace Armada.Tests.Silo.Options;

public sealed class ProcessTests
{
    [Fact]
    public async Task An_address_in_use_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();

        await ExpectRefusalAsync("--urls", "--data", folder.Path, "--urls", $"http://{taken.LocalEndpoint}");
    }

    [Fact]
    public async Task A_folder_that_cannot_be_made_is_one_line_and_exit_code_2() =>
        await ExpectRefusalAsync("--data", "--data", "/proc/no-such-folder", "--urls", FreeUrl());

    [Fact]
    public async Task A_damaged_authority_is_one_line_and_exit_code_2()
    {
        using var folder = new TempFolder();
        var junk = folder.Write("ca.pem", "junk");

        await ExpectRefusalAsync("ca.pem", "--data", folder.Path, "--urls", FreeUrl(), "--mqtt-ca", junk);
    }

    [Theory]
    [InlineData(Signal.Interrupt)]
    [InlineData(Signal.Terminate)]
    public async Task A_signal_ends_it_in_order_although_the_broker_is_out_of_reach(Signal signal)
    {
        using var folder = new TempFolder();
        await using var silo = SiloProcess.Start("--data", folder.Path, "--urls", FreeUrl(), "--mqtt", Unreachable());
        await silo.PrintsAsync("Application started", TimeSpan.FromSeconds(30));

        await silo.SendAsync(signal);

        Assert.Equal(0, await silo.ExitsAsync());
        Assert.DoesNotContain("fail:", silo.Output, StringComparison.Ordinal);
    }

    private static async Task ExpectRefusalAsync(string named, params string[] args)
    {
        await using var silo = SiloProcess.Start([.. args, "--mqtt", Unreachable()]);

        Assert.Equal(2, await silo.ExitsAsync(TimeSpan.FromSeconds(30)));
        var refusal = Assert.Single(silo.Lines, line => !line.Contains("info:", StringComparison.Ordinal));
        Assert.StartsWith("armada-silo: ", refusal, StringComparison.Ordinal);
        Assert.Contains(named, refusal, StringComparison.Ordinal);
    }

    private static string FreeUrl() => string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort.Next()}");

    private static string Unreachable() => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{FreePort.Next()}");
}
