using Armada.Mqtt;
using Armada.Testing;
using Armada.Testing.Brokers;

namespace Armada.Tests.Link;

/// <summary>A client's certificate and key in two files whose content changes; the first certificate is for 'first'.</summary>
internal sealed class RenewedFiles
{
    private readonly TempFolder folder;
    private readonly TestCertificates authority;

    public RenewedFiles(TempFolder folder, TestCertificates authority)
    {
        (this.folder, this.authority) = (folder, authority);
        Renew("first");
    }

    /// <summary>The two files.</summary>
    public LinkTls Tls => new(authority.CaFile, folder.File("own.pem"), folder.File("own.key"));

    /// <summary>A certificate of its own for somebody else.</summary>
    public LinkTls OfAnother(string name)
    {
        var (certificate, key) = authority.Client(name);
        return new(authority.CaFile, certificate, key);
    }

    /// <summary>Puts another certificate and its key into the files.</summary>
    public void Renew(string name)
    {
        var (certificate, key) = authority.Client(name);
        File.Copy(key, Tls.KeyFile!, overwrite: true);
        File.Copy(certificate, Tls.CertificateFile!, overwrite: true);
    }

    /// <summary>Leaves the files as an unfinished write may.</summary>
    public void Spoil(string how)
    {
        switch (how)
        {
            case "half a certificate":
                Halve(Tls.CertificateFile!);
                break;
            case "half a key":
                Halve(Tls.KeyFile!);
                break;
            case "no key":
                File.Delete(Tls.KeyFile!);
                break;
            case "the key of another certificate":
                File.Copy(authority.Client("other").KeyFile, Tls.KeyFile!, overwrite: true);
                break;
            default:
                throw new ArgumentException(how, nameof(how));
        }
    }

    private static void Halve(string file)
    {
        var text = File.ReadAllText(file);
        File.WriteAllText(file, text[..(text.Length / 2)]);
    }
}
