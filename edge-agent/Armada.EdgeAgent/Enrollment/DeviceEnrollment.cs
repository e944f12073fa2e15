using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Armada.Core.Topics;
using Armada.EdgeAgent.Configuration;
using Armada.EdgeAgent.Identities;

namespace Armada.EdgeAgent.Enrollment;

/// <summary>Gets a device its identity: a key that stays here, a certificate for it from the silo, and a configuration that can be run.</summary>
/// <param name="order">What is asked for.</param>
/// <param name="time">The clock by which certificates are good.</param>
/// <param name="ports">The serial ports of this machine.</param>
/// <param name="output">Told of what was done.</param>
internal sealed class DeviceEnrollment(EnrollmentOrder order, TimeProvider time, Func<IReadOnlyList<string>> ports, TextWriter output)
{
    private const string Nameless = "armada-enrollment";

    private static readonly string[] SerialNames = ["ttyACM*", "ttyUSB*"];

    /// <summary>The serial ports that arms may be plugged into.</summary>
    public static IReadOnlyList<string> SerialPorts() =>
        [.. SerialNames.SelectMany(pattern => Directory.EnumerateFiles("/dev", pattern)).Order(StringComparer.Ordinal)];

    /// <summary>Does it; may be repeated after any failure.</summary>
    /// <exception cref="ConfigurationException">A file or a folder is not usable, or is of another silo.</exception>
    /// <exception cref="EnrollmentFailedException">The silo is not reached, refuses, or gives what cannot be used.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        try
        {
            var configuration = EnrolledConfiguration.Open(order);
            var files = new EnrolledFiles(order);
            using var key = files.Key();
            var answer = await AskAsync(files, key, cancellation);
            var (certificate, authority) = Checked(answer, key);
            files.CheckAuthority(authority);
            configuration.Check(answer);
            files.Store(answer.Name, certificate, authority, key);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"'{answer.Name}' ({answer.Kind}) has its certificate, good until {answer.ExpiresAt:yyyy-MM-dd}, in {order.Folder}"));
            if (answer.Kind != "agent")
                Configure(configuration, answer);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"'{order.Folder}' cannot be used: {e.Message}", e);
        }
    }

    private async Task<EnrollmentAnswer> AskAsync(EnrolledFiles files, DeviceKey key, CancellationToken cancellation)
    {
        try
        {
            return await EnrollmentCall.AskAsync(order, key.Request(order.Name ?? Nameless), cancellation);
        }
        catch (EnrollmentFailedException e) when (e.IsRefusal)
        {
            files.Forget();
            throw;
        }
    }

    private (string Certificate, X509Certificate2Collection Authority) Checked(EnrollmentAnswer answer, DeviceKey key)
    {
        if (!DeviceName.IsValid(answer.Name) || (order.Name is { } wanted && wanted != answer.Name))
            throw Bad("a name that was not asked for");
        if (answer.Broker is not { Host.Length: > 0, Port: > 0 and <= 65_535 })
            throw Bad("no broker that could be reached");
        if (!IsRoot(answer.TopicRoot))
            throw Bad("a topic_root that is none");
        var authority = CertificateCheck.Authorities(answer.Ca);
        if (authority.Count == 0)
            throw Bad("no certificate of an authority");
        var signers = answer.Broker.SignsDevices ? authority : null;
        if (!CertificateCheck.TryTake(answer.Certificate, answer.Name, [key], signers, time.GetUtcNow(), out var certificate, out var refusal))
            throw new EnrollmentFailedException($"{order.Server} gave something wrong: {refusal}");
        using (certificate)
            return (certificate.ExportCertificatePem() + "\n", authority);

        EnrollmentFailedException Bad(string what) => new($"{order.Server} gave {what}");
    }

    private static bool IsRoot(string root)
    {
        try
        {
            _ = new TopicMap(root);
            return true;
        }
        catch (ArgumentException)
        {
            return false;
        }
    }

    private void Configure(EnrolledConfiguration configuration, EnrollmentAnswer answer)
    {
        if (DeviceRole.Of(answer.Kind) is null)
        {
            output.WriteLine($"this agent cannot run a {answer.Kind}; {order.Configuration} stays as it is");
            return;
        }

        if (configuration.Device(answer.Name) is { } present)
        {
            output.WriteLine($"{order.Configuration} has '{answer.Name}' already, on {present.Port}");
            return;
        }

        var port = order.Port ?? (ports().Where(port => !configuration.Has(port)).ToArray() is [var only] ? only : null);
        var device = new DeviceSettings(answer.Name, answer.Kind, port ?? "/dev/ttyACM0");
        configuration.Write(answer, port is null ? null : device);
        output.WriteLine(port is null
            ? $"which serial port has the arm is not clear: add it to \"devices\" in {order.Configuration}, such as {ConfigurationText.Text(device)}"
            : $"{order.Configuration} has '{answer.Name}' on {port}; start with: armada-edge run --config {order.Configuration}");
    }
}
